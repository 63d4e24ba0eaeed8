DROP TABLE gateway.debate_ballots;
