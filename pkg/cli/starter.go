package cli

import "strings"

// starter returns the text of a first spec: every section with its defaults,
// each with a word on what it is for.
func starter(homeRegion string) string {
	return strings.ReplaceAll(starterText, "HOME_REGION", homeRegion)
}

const starterText = `# yaml-language-server: $schema=.kiso.schema.json
# (To have editors complete and check this file: kiso schema > .kiso.schema.json)

# kiso.yaml: the security baseline of one AWS account.
# A section that is here is managed; {} takes every default. Delete a section
# and kiso leaves that part of the account alone: it never switches anything off.
version: 1

# The account this file is for: any other is refused. Quote it.
# account_id: "123456789012"

# Where the trail, the buckets and the finding aggregator live.
home_region: HOME_REGION

# Which regions are managed. Default: every region enabled in the account.
# regions:
#   exclude: [sa-east-1]

# Put on everything that kiso creates.
tags:
  managed-by: kiso

# One trail for all regions, into a bucket that nobody can empty.
# Costs: the first trail's management events are free; storage is not.
cloudtrail:
  trail_name: kiso
  bucket:
    name: kiso-cloudtrail-{account_id}-{home_region}
    # GOVERNANCE can be lifted by an administrator with a special permission;
    # COMPLIANCE by nobody, root included, until the days are over.
    object_lock: {mode: GOVERNANCE, days: 365}

# Threat detection in every region. Costs by volume after 30 days.
guardduty:
  finding_publishing_frequency: SIX_HOURS
  # features: {S3_DATA_EVENTS: enabled}

# A record of every resource's configuration in every region.
# Costs $0.003 an item; DAILY instead of CONTINUOUS is cheaper in busy accounts.
config:
  bucket:
    name: kiso-config-{account_id}-{home_region}
  recording_frequency: CONTINUOUS

# Checks against a standard in every region, gathered in the home region.
securityhub:
  standards: [aws-foundational-security-best-practices/v/1.0.0]
  aggregation: all_regions

# A mail when somebody signs in as root. Each address must confirm once.
# root_login_alarm:
#   emails: [security@example.com]
#   root_api_usage: false         # true: also any API call by root, in every region
`
