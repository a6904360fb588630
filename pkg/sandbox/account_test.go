package sandbox_test

import (
	"bytes"
	"context"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	awsguardduty "github.com/aws/aws-sdk-go-v2/service/guardduty"
	awssts "github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/kiso-cli/kiso/pkg/sandbox"
	"github.com/kiso-cli/kiso/pkg/sandbox/guardduty"
)

func TestAccountInAFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "account.json")
	open := func(options sandbox.Options) (*sandbox.Account, error) {
		return sandbox.Open(file, options, guardduty.New())
	}
	first, err := open(sandbox.Options{AccountID: "111122223333", Regions: map[string]string{region: sandbox.Enabled}})
	require.NoError(t, err)
	require.NoError(t, createDetector(t.Context(), first.Config(region)))

	info, err := os.Stat(file)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	entries, err := os.ReadDir(filepath.Dir(file))
	require.NoError(t, err)
	assert.Len(t, entries, 1, "nothing is left beside the file")

	second, err := open(sandbox.Options{})
	require.NoError(t, err)
	assert.Equal(t, "111122223333", second.AccountID())
	assert.Equal(t, string(first.Snapshot()), string(second.Snapshot()))
	assert.ErrorContains(t, createDetector(t.Context(), second.Config(region)), "already exists")
	assert.ErrorContains(t, createDetector(t.Context(), second.Config("us-east-1")), "UnrecognizedClientException", "the regions are the file's")

	_, err = open(sandbox.Options{AccountID: "999999999999"})
	assert.EqualError(t, err, "sandbox: "+file+": it holds account 111122223333, not 999999999999")
	_, err = open(sandbox.Options{Partition: "aws-cn"})
	assert.ErrorContains(t, err, "it holds an account of partition aws, not aws-cn")
	require.NoError(t, os.WriteFile(file, []byte("{}"), 0o600))
	_, err = open(sandbox.Options{})
	assert.ErrorContains(t, err, "not a saved sandbox account")
}

func TestSaveAndLoad(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	var empty, saved bytes.Buffer
	require.NoError(t, acct.Save(&empty))
	require.NoError(t, createDetector(t.Context(), acct.Config(region)))
	full := string(acct.Snapshot())
	require.NoError(t, acct.Save(&saved))

	require.NoError(t, acct.Load(&empty))
	assert.Equal(t, "{}", string(acct.Snapshot()))
	require.NoError(t, acct.Load(&saved))
	assert.Equal(t, full, string(acct.Snapshot()))
	assert.Error(t, acct.Load(strings.NewReader(`{"format": 1, "account_id": "999999999999", "partition": "aws"}`)))
}

func TestAFileThatCannotBeWrittenFailsTheCall(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "gone")
	require.NoError(t, os.Mkdir(dir, 0o700))
	acct, err := sandbox.Open(filepath.Join(dir, "account.json"), sandbox.Options{}, guardduty.New())
	require.NoError(t, err)
	require.NoError(t, os.RemoveAll(dir))
	assert.ErrorContains(t, createDetector(t.Context(), once(acct)), "cannot save the account")
}

func TestTwoDoNotWriteOneFile(t *testing.T) {
	file := filepath.Join(t.TempDir(), "account.json")
	open := func() *sandbox.Account {
		acct, err := sandbox.Open(file, sandbox.Options{}, guardduty.New())
		require.NoError(t, err)
		return acct
	}
	first, second := open(), open()
	require.NoError(t, createDetector(t.Context(), first.Config("us-east-1")))
	err := createDetector(t.Context(), second.Config("eu-west-1"))
	assert.ErrorContains(t, err, "another process has changed "+file)
	require.NoError(t, createDetector(t.Context(), first.Config("eu-west-1")), "the first goes on")
	assert.NotEmpty(t, guardduty.Get(open(), "us-east-1").Detector.ID, "nothing is lost")
}

func TestEqualHistoriesMakeEqualAccounts(t *testing.T) {
	ids := func() (ids []string) {
		acct := newAccount(sandbox.Options{})
		var wg sync.WaitGroup
		for name := range sandbox.DefaultRegions("aws") {
			wg.Go(func() { _ = createDetector(t.Context(), acct.Config(name)) }) // half of them are off
		}
		wg.Wait()
		for _, name := range []string{"eu-west-1", "us-east-1"} {
			ids = append(ids, guardduty.Get(acct, name).Detector.ID)
		}
		assert.Len(t, acct.Writes(), 34)
		return ids
	}
	first := ids()
	assert.Equal(t, first, ids())
	assert.NotEqual(t, first[0], first[1])
}

func TestAssumedRole(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	cfg, ctx := acct.Config(region), t.Context()
	_, err := awssts.NewFromConfig(cfg).AssumeRole(ctx, &awssts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::999999999999:role/kiso"), RoleSessionName: aws.String("test"),
	})
	assert.ErrorContains(t, err, "AccessDenied: User: arn:aws:iam::123456789012:user/kiso is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::999999999999:role/kiso")

	out, err := awssts.NewFromConfig(cfg).AssumeRole(ctx, &awssts.AssumeRoleInput{
		RoleArn: aws.String("arn:aws:iam::123456789012:role/ci/kiso"), RoleSessionName: aws.String("test"),
	})
	require.NoError(t, err)
	c := out.Credentials
	cfg.Credentials = credentials.NewStaticCredentialsProvider(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)
	who, err := awssts.NewFromConfig(cfg).GetCallerIdentity(ctx, &awssts.GetCallerIdentityInput{})
	require.NoError(t, err)
	assert.Equal(t, "arn:aws:sts::123456789012:assumed-role/kiso/test", aws.ToString(who.Arn))

	acct.Inject(sandbox.Fault{Kind: sandbox.Deny, Operation: "ListDetectors"})
	_, err = awsguardduty.NewFromConfig(cfg).ListDetectors(ctx, &awsguardduty.ListDetectorsInput{})
	assert.ErrorContains(t, err, "User: arn:aws:sts::123456789012:assumed-role/kiso/test is not authorized to perform: guardduty:ListDetectors")
	assert.Equal(t, "{}", string(acct.Snapshot()), "sessions are not part of the account")
}

func TestTheLog(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	cfg := acct.Config(region)
	client := awsguardduty.NewFromConfig(cfg)
	_, err := client.ListDetectors(t.Context(), &awsguardduty.ListDetectorsInput{MaxResults: aws.Int32(7)})
	require.NoError(t, err)
	require.NoError(t, createDetector(t.Context(), cfg))
	require.Error(t, createDetector(t.Context(), cfg))

	calls := acct.Calls()
	require.Len(t, calls, 3)
	list := calls[0]
	assert.WithinDuration(t, calls[1].Time, list.Time, 1e10)
	list.Time = calls[1].Time
	assert.Equal(t, sandbox.Call{
		Seq: 1, Time: calls[1].Time, Service: "guardduty", Operation: "ListDetectors", Action: "guardduty:ListDetectors",
		Region: region, Params: []byte(`{"maxResults":"7"}`), Status: 200,
	}, list)
	assert.Equal(t, calls[1:], acct.Writes())
	assert.True(t, calls[1].Effective)
	assert.False(t, calls[2].Effective)
	assert.Equal(t, "BadRequestException", calls[2].ErrorCode)
	acct.ResetCalls()
	assert.Empty(t, acct.Calls())
}

func TestRegionsCanBeSwitchedOn(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	assert.Error(t, createDetector(t.Context(), acct.Config("ap-east-1")))
	acct.Adjust(func(o *sandbox.Options) { o.Regions["ap-east-1"] = sandbox.Enabling })
	assert.Error(t, createDetector(t.Context(), acct.Config("ap-east-1")))
	acct.Adjust(func(o *sandbox.Options) { o.Regions["ap-east-1"] = sandbox.Enabled })
	assert.NoError(t, createDetector(t.Context(), acct.Config("ap-east-1")))
}

func TestListen(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	acct.Inject(sandbox.Fault{Operation: "ListDetectors", Kind: sandbox.Hang})
	ctx, stop := context.WithCancel(t.Context())
	endpoint, served := make(chan string, 1), make(chan error, 1)
	go func() { served <- acct.Listen(ctx, "localhost:0", func(url string) { endpoint <- url }) }()
	cfg := once(acct)
	cfg.HTTPClient, cfg.BaseEndpoint = nil, aws.String(<-endpoint)
	require.NoError(t, createDetector(t.Context(), cfg))

	hanging := make(chan error, 1)
	go func() {
		_, err := awsguardduty.NewFromConfig(cfg).ListDetectors(t.Context(), &awsguardduty.ListDetectorsInput{})
		hanging <- err
	}()
	require.Eventually(t, func() bool { return len(acct.Calls()) == 2 }, 5e9, 1e6)
	stop()
	assert.NoError(t, <-served)
	assert.Error(t, <-hanging)
}

func TestListenRefusesOtherAddresses(t *testing.T) {
	acct := newAccount(sandbox.Options{})
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "example.com:80", "10.0.0.1:0", "4566"} {
		err := acct.Listen(t.Context(), address, func(string) { t.Errorf("served on %s", address) })
		assert.ErrorContains(t, err, "sandbox: cannot listen on", address)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	assert.ErrorContains(t, acct.Listen(t.Context(), taken.Addr().String(), func(string) {}), "address already in use")
}
