// Package workflows holds tests of what runs kiso in pipelines: action.yml and
// the example workflows of GitHub and GitLab. The tests read them as the forges
// do and run their shell steps with the real binary on a simulated account.
package workflows
