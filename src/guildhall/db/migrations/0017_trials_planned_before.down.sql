-- Nothing to take back: the column goes with 0016.

SELECT;
