package awsx

// ExplainConfig is explainConfig, for errors that only time would bring about.
var ExplainConfig = explainConfig
