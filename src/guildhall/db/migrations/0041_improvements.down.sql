DROP TABLE evaluation.improvement_rounds, evaluation.improvements;
