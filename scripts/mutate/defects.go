package main

// defect is a mistake that somebody could make. Where file has old, it gets new;
// then one of tests must fail.
type defect struct {
	name, why string
	file      string
	old, new  string
	tests     []string
}

// The packages whose tests should notice.
var (
	engine      = []string{"./pkg/apply", "./pkg/engine", "./pkg/plan", "./pkg/resource", "./pkg/services/guardduty"}
	cloudtrail  = []string{"./pkg/services/cloudtrail"}
	buckets     = []string{"./pkg/services/bucket", "./pkg/services/cloudtrail"}
	config      = []string{"./pkg/services/config"}
	guardduty   = []string{"./pkg/services/guardduty"}
	securityhub = []string{"./pkg/services/securityhub"}
	rootlogin   = []string{"./pkg/services/rootlogin"}
)

var defects = []defect{
	// The engine.
	{
		"retry forgotten", "what has not propagated yet fails the run",
		"pkg/apply/execute.go", `		case !transient(s.resource.Settle(), err):
			return r.failed(s, err)`, `		case err != nil:
			return r.failed(s, err)`, engine,
	},
	{
		"a refused look is the end", "what was made a moment ago cannot be read yet, and the step fails",
		"pkg/apply/execute.go", `		err := now.Err
`, `		var err error
`, engine,
	},
	{
		"a look that was refused counts as a write", "a saved plan is carried out though the account moved",
		"pkg/apply/execute.go", `s.resource.Plan(ctx, env)
		err := now.Err`, `s.resource.Plan(ctx, env)
		so.tried = so.tried || now.Err != nil
		err := now.Err`, engine,
	},
	{
		"two owners of one thing", "each undoes the other's settings",
		"pkg/plan/build.go", `	refuseDoubles(changes)
`, ``, engine,
	},
	{
		"no company", "a run that sees another at work does not keep away from it",
		"pkg/apply/execute.go", `bound == 0 || !r.company.Load()`, `bound == 0 || r.company.Load()`, engine,
	},
	{
		"no spread", "two runs that began together send two mails",
		"pkg/apply/execute.go", `s.change.Action == resource.Create && r.spread`, `s.change.Action == resource.None && r.spread`, rootlogin,
	},
	{
		"a lost answer is no answer", "what was perhaps made is made again at once, with a second mail",
		"pkg/apply/execute.go", `if isUnsure(err) {`, `if isUnsure(err) && p.made {`, append(engine, rootlogin...),
	},
	{
		"no reading back", "a write that AWS drops is reported as made",
		"pkg/apply/execute.go", `return r.verify(ctx, s)`, `return Step{Outcome: Applied}`, engine,
	},
	{
		"stale plans are applied", "a saved plan does other than it showed",
		"pkg/apply/execute.go", `if planned.Fingerprint == now.Fingerprint && possible(planned, now) == nil {`, `if planned.ID == now.ID {`, engine,
	},
	{
		"irreversible without approval", "what nobody can take back is done unasked",
		"pkg/apply/execute.go", `case now.Irreversible() && !r.Approved(s.change.ID):`, `case now.Irreversible() && !r.Approved(s.change.ID) && again:`, engine,
	},
	{
		"what AWS does is not waited for", "the run ends before the account is as the result says",
		"pkg/apply/execute.go", `now.Action == resource.None && now.Busy == "":`, `now.Action == resource.None:`, append(engine, securityhub...),
	},
	{
		"dependents of a failure go on", "they meet an account that cannot take them",
		"pkg/apply/apply.go", `if !ref.After && blocker == nil && !need.outcome.Outcome.Good() {`, `if ref.After && blocker == nil && !need.outcome.Outcome.Good() {`, engine,
	},
	{
		"needs are not waited for", "changes are made before what they need",
		"pkg/apply/apply.go", `		<-need.done
		if`, `		if`, engine,
	},
	{
		"events at the same time", "the output of two steps is mixed",
		"pkg/apply/apply.go", `	r.mu.Lock()
	defer r.mu.Unlock()
	s.running = running`, `	s.running = running`, engine,
	},
	{
		"what was left out is made", "a saved plan writes what it did not show",
		"pkg/apply/execute.go", `if slices.Contains(planned.LeftOut, f.Path) {`, `if slices.Contains(planned.LeftOut, f.Path) && false {`, engine,
	},
	{
		"diverged is success", "the exit code says that all is well",
		"pkg/apply/result.go", `if s.Outcome.Bad() && s.Outcome != Skipped {`, `if !s.Outcome.Good() && s.Outcome != Skipped && s.Outcome != Diverged {`, engine,
	},
	{
		"managed elsewhere is attempted", "kiso fights an organization's administrator",
		"pkg/resource/typed.go", `	if managed != nil {
		c.Action,`, `	if managed != nil && live == nil {
		c.Action,`, engine,
	},
	{
		"unreadable is absent", "what is there is made again",
		"pkg/resource/typed.go", `if err != nil && !errors.As(err, &managed) {`, `if err != nil && !errors.As(err, &managed) && live != nil {`, engine,
	},
	{
		"fingerprint of unmanaged fields", "somebody else's tag makes a plan stale",
		"internal/diff/diff.go", `}{c.absent, c.managed}))`, `}{c.absent, append(c.managed, Field{After: c.fields})}))`, append([]string{"./internal/diff"}, engine...),
	},
	{
		"dependents of a blocked one go on", "a plan promises what cannot be done",
		"pkg/plan/build.go", `if ref.After || need.Action != resource.Blocked {`, `if !ref.After || need.Action != resource.Blocked {`, engine,
	},
	{
		"edited plans are accepted", "a file does other than what was reviewed",
		"pkg/plan/document.go", `if p.LiveDigest() != d.LiveDigest || p.Summary() != d.Summary {`, `if p.LiveDigest() != d.LiveDigest && p.Summary() != d.Summary {`, engine,
	},
	{
		"the wrong account", "a spec for one account changes another",
		"pkg/engine/engine.go", `wantAccount != "" && wantAccount != got`, `wantAccount == "" && wantAccount != got`, engine,
	},
	{
		"regions that are off are called", "they answer as to bad credentials",
		"pkg/engine/regions.go", `if r.Enabled && wanted == nil &&`, `if wanted == nil &&`, engine,
	},
	{
		"first page only", "what stands on the second page is not seen",
		"pkg/awsx/awsx.go", `for err == nil && aws.ToString(next) != "" {`, `for err == nil && next == nil {`, append([]string{"./pkg/awsx"}, append(rootlogin, securityhub...)...),
	},
	{
		"exit code of changes", "a pipeline takes a plan with changes for one without",
		"pkg/cli/cli.go", `		return codeChanges
`, `		return codeOK
`, []string{"./pkg/cli"},
	},

	// CloudTrail and its bucket.
	{
		"a trail loses its bucket", "the logs of a trail that was there first go elsewhere",
		"pkg/services/cloudtrail/find.go", `	return own, nil
}`, `	return "", nil
}`, cloudtrail,
	},
	{
		"StartLogging forgotten", "a new trail does not log",
		"pkg/services/cloudtrail/trail.go", `	if _, err := c.StartLogging(ctx, &cloudtrail.StartLoggingInput{Name: &want.Name}); err != nil {
		return resource.Made(err)
	}
	return nil`, `	return nil`, cloudtrail,
	},
	{
		"a trail is created over and over", "what AWS accepted and never shows is a failure, and not told as what it is",
		"pkg/services/cloudtrail/trail.go", `return resource.Made(err)`, `return err`, cloudtrail,
	},
	{
		"said under another Sid", "a policy that is as good gets the same again, and a compliant account a change",
		"pkg/services/bucket/merge.go", `!taken && slices.ContainsFunc(doc.Readable(), said)`, `taken && slices.ContainsFunc(doc.Readable(), said)`, buckets,
	},
	{
		"an open statement of our Sid stays", "anybody's trail may write, since another statement says the right thing",
		"pkg/services/bucket/merge.go", `!taken && slices.ContainsFunc(doc.Readable(), said)`, `(taken || !taken) && slices.ContainsFunc(doc.Readable(), said)`, buckets,
	},
	{
		"data events lost", "raising the management events drops others",
		"pkg/services/cloudtrail/selectors.go", `case len(b.DataResources) > 0:`, `case len(b.DataResources) > 250:`, cloudtrail,
	},
	{
		"silent organization trail", "a trail that does not log passes for the account's",
		"pkg/services/cloudtrail/find.go", `return !fitness[*t.TrailARN].logs`, `return false`, cloudtrail,
	},
	{
		"aws:SourceArn missing", "any account's trail may write to the bucket",
		"pkg/services/cloudtrail/cloudtrail.go", `{"aws:SourceArn": trailARN, "s3:x-amz-acl": "bucket-owner-full-control"}`, `{"s3:x-amz-acl": "bucket-owner-full-control"}`, cloudtrail,
	},
	{
		"sharing trails cut off", "binding a policy to one trail ends the delivery of others",
		"pkg/services/bucket/merge.go", `condition = withSources(condition, sharing)`, `condition = withSources(condition, nil)`, buckets,
	},
	{
		"prefix of a new bucket's policy forgotten", "the policy lets the trail write elsewhere than it does",
		"pkg/services/bucket/policy.go", `live.Source == "" && live.Prefix == "" && len`, `live.Source == "" && len`, buckets,
	},
	{
		"retention where AWS Config delivers", "it cannot deliver any more",
		"pkg/services/cloudtrail/find.go", `Excludes: []string{"config.amazonaws.com", `, `Excludes: []string{`, cloudtrail,
	},
	{
		"retention where S3's access logs go", "they end",
		"pkg/services/cloudtrail/find.go", `, "logging.s3.amazonaws.com"}`, `}`, cloudtrail,
	},
	{
		"trails of other regions forgotten", "binding a bucket's policy ends their delivery",
		"pkg/services/cloudtrail/find.go", `arn := aws.ToString(t.TrailARN); !seen[arn]`, `arn := aws.ToString(t.TrailARN); seen[arn]`, cloudtrail,
	},
	{
		"statements of others replaced", "what is bound in another form can deliver no more",
		"pkg/services/bucket/merge.go", `return live.Bound() && !alike`, `return live.Bound() && !alike && live.Sid == ""`, buckets,
	},
	{
		"statements for several services replaced", "the other services can deliver no more",
		"pkg/services/bucket/merge.go", `!slices.Equal(live.Services(), want.Services())`, `false`, buckets,
	},
	{
		"any trail will do", "one that records data events is taken for the account's, and billed",
		"pkg/services/cloudtrail/find.go", `cmp.Compare(value(f.records), value(other.records)), `, ``, cloudtrail,
	},
	{
		"a bad day decides between trails", "a delivery that failed once makes kiso adopt another trail",
		"pkg/services/cloudtrail/find.go", `< forgiven`, `< 0`, cloudtrail,
	},
	{
		"delivery decides between trails", "a bad day makes kiso adopt another trail",
		"pkg/services/cloudtrail/find.go", `cmp.Compare(value(f.validates), value(other.validates)), cmp.Compare(value(f.delivers), value(other.delivers)),`,
		`cmp.Compare(value(f.delivers), value(other.delivers)), cmp.Compare(value(f.validates), value(other.validates)),`, cloudtrail,
	},
	{
		"LocationConstraint in us-east-1", "S3 refuses it there",
		"pkg/services/bucket/bucket.go", `if b.region != "us-east-1" {`, `if b.region != "" {`, append(buckets, "./test/property"),
	},
	{
		"ExpectedBucketOwner forgotten", "a policy goes to a bucket that somebody else has taken",
		"pkg/services/bucket/policy.go", `ExpectedBucketOwner: b.owner(), Policy: &policy`, `Policy: &policy`, buckets,
	},
	{
		"AccessDenied is absent", "a bucket of another account is planned as new",
		"pkg/services/bucket/find.go", `return "", refused(ctx, env, p)`, `return "", nil`, buckets,
	},
	{
		"TLS statement lost", "logs travel in the clear",
		"pkg/services/bucket/policy.go", `append([]policydoc.Statement{tlsOnly(p.Bucket)}, w.Statements...)`, `w.Statements`, buckets,
	},
	{
		"foreign statements dropped", "others lose their access",
		"internal/policydoc/document.go", `d.Statements = slices.Clone(d.Statements)`, `d.Statements = nil`, append([]string{"./internal/policydoc"}, buckets...),
	},
	{
		"retention compared the wrong way", "a longer retention is shortened",
		"pkg/services/bucket/lock.go", `if live.days() >= p.days() {`, `if live.days() <= p.days() {`, buckets,
	},
	{
		"COMPLIANCE given up", "a mode is planned that S3 may not take, and that is weaker",
		"pkg/services/bucket/lock.go", `if live == compliance {`, `if live == governance {`, buckets,
	},
	{
		"a public access flag forgotten", "S3 turns off what it is not told",
		"pkg/services/bucket/bucket.go", `			BlockPublicPolicy:     &want.PublicAccess.BlockPolicy,
`, ``, buckets,
	},

	// AWS Config.
	{
		"prefix of a channel forgotten", "a channel that moves cannot deliver",
		"pkg/services/config/reads.go", `found[i] = aws.ToString(live.S3KeyPrefix)`, `found[i] = ""`, config,
	},
	{
		"global types everywhere", "IAM's types are recorded, and billed, in every region",
		"pkg/services/config/config.go", `IncludeGlobal: Included(region == globals)`, `IncludeGlobal: Included(globals != "" && region != "")`, config,
	},
	{
		"recordingGroup omitted", "what a request leaves out goes back to its default",
		"pkg/services/config/recorder.go", `AllSupported: m.AllSupported, IncludeGlobalResourceTypes: bool(m.IncludeGlobal),`, `AllSupported: m.AllSupported,`, config,
	},
	{
		"adopted recorder renamed", "a second recorder is asked for, and refused",
		"pkg/services/config/recorder.go", `Name: &m.Name, RoleARN: &m.RoleARN, RecordingMode: mode,`, `Name: aws.String(defaultName), RoleARN: &m.RoleARN, RecordingMode: mode,`, config,
	},
	{
		"Control Tower's recorder started", "a change that guardrails deny",
		"pkg/services/config/recording.go", `if managed == nil && !live.Recording`, `if !live.Recording`, config,
	},

	// GuardDuty.
	{
		"frequency compared the wrong way", "findings are published less often",
		"pkg/services/guardduty/detector.go", `if often[live] >= often[f] {`, `if often[live] <= often[f] {`, guardduty,
	},
	{
		"a live feature switched off", "the spec is a floor",
		"pkg/services/guardduty/detector.go", `	if live == on {
		return live`, `	if live == off {
		return live`, guardduty,
	},
	{
		"a plan that writes", "looking changes the account",
		"pkg/services/guardduty/detector.go", `	var live *guardduty.GetDetectorOutput
`, `	_, _ = client(env, id.Scope).UpdateDetector(ctx, &guardduty.UpdateDetectorInput{DetectorId: &detector})
	var live *guardduty.GetDetectorOutput
`, guardduty,
	},

	{
		"an empty page is the last", "a detector on a later page is not seen, and made again for ever",
		"pkg/services/guardduty/detector.go", `return page.NextToken, nil`, `return nil, nil`, guardduty,
	},
	{
		"features of a new detector left on", "they are billed though the spec turns them off",
		"pkg/services/guardduty/detector.go", `	return setOffered(ctx, c, created.DetectorId, d.After.Features)`, `	_ = created
	return resource.Pending("features follow")`, guardduty,
	},
	{
		"one refused feature spoils all", "nothing else of the detector is set",
		"pkg/services/guardduty/detector.go", `|| len(wanted) == 0 {`, `|| len(wanted) >= 0 {`, guardduty,
	},
	// Security Hub.
	{
		"EnableDefaultStandards left out", "left out, it means true",
		"pkg/services/securityhub/hub.go", `		EnableDefaultStandards: aws.Bool(false), // left out, it means true
`, ``, securityhub,
	},
	{
		"a denial is a hub that is off", "what cannot be read is switched on",
		"pkg/services/securityhub/hub.go", `awsx.IsCode(err, notSubscribed.Code) && strings.Contains(awsx.ErrorMessage(err), notSubscribed.Message) ||`, `awsx.IsCode(err, notSubscribed.Code, "AccessDeniedException") ||`, securityhub,
	},
	{
		"an aggregator elsewhere is taken for ours", "AWS refuses to change it from here",
		"pkg/services/securityhub/aggregator.go", `if err != nil || live == nil || live.Region == string(id.Scope) {`, `if err != nil || live == nil || live.Region != "" {`, securityhub,
	},

	{
		"an aggregator elsewhere unseen", "the plan makes one that AWS refuses",
		"pkg/services/securityhub/aggregator.go", `return listedElsewhere(ctx, env, home), nil`, `return "", nil`, securityhub,
	},
	{
		"a standard that no region has is planned", "each apply fails at it, and each plan asks for it again",
		"pkg/services/securityhub/standards.go", `len(nowhere) > 0 && len(nowhere)+len(paths) == len(d.Fields)`, `len(nowhere) > 250 && len(nowhere)+len(paths) == len(d.Fields)`, securityhub,
	},
	// The root login alarm.
	{
		"mail sent again while pending", "people learn to ignore it",
		"pkg/services/rootlogin/subscription.go", `if live.Protocol != email || live.ARN == deleted ||`, `if live.Protocol != email || live.ARN == deleted || live.ARN == pending ||`, rootlogin,
	},
	{
		"rule in the home region", "root's sign-ins are recorded in another one",
		"pkg/services/rootlogin/rootlogin.go", `if in.Partition.RootSignIn && region == in.Partition.GlobalRegion {`, `if in.Partition.RootSignIn && region == in.HomeRegion {`, rootlogin,
	},
	{
		"target takes the place of another", "somebody else's target is gone",
		"pkg/services/rootlogin/target.go", `given(aws.ToString(t.Id), rule) && (is(t) || mails(t))`, `(aws.ToString(t.Id) != "" || is(t) || mails(t))`, rootlogin,
	},
	{
		"target under our id replaced", "somebody's pager is no longer called",
		"pkg/services/rootlogin/target.go", `given(aws.ToString(t.Id), rule) && (is(t) || mails(t))`, `given(aws.ToString(t.Id), rule)`, rootlogin,
	},
	{
		"topic policy replaced", "publishers of others are shut out",
		"pkg/services/rootlogin/policy.go", `document.With(d.After.Statements).String()`, `policydoc.Document{Version: document.Version}.With(d.After.Statements).String()`, rootlogin,
	},
	{
		"rule's state lowered", "a rule that sees more sees less",
		"pkg/services/rootlogin/rule.go", `if reach[live] >= reach[s] {`, `if reach[live] <= reach[s] {`, rootlogin,
	},
}
