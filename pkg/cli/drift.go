package cli

import (
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/kiso-cli/kiso/pkg/render"
)

var driftFormats = []string{"text", "json", "markdown"}

func (a *app) driftCommand() *cli.Command {
	return &cli.Command{
		Name:  "drift",
		Usage: "show what left the spec, and who did it; never writes; exits 2 if anything did",
		Flags: []cli.Flag{
			specFlag(),
			&cli.StringFlag{Name: "format", Usage: "print `FORMAT`: text, json or markdown", Value: "text"},
		},
		Action: a.drift,
	}
}

func (a *app) drift(c *cli.Context) error {
	if err := noArguments(c); err != nil {
		return err
	}
	format, err := oneOf(c, "format", driftFormats...)
	if err != nil {
		return err
	}
	ctx, cancel := a.reading(c)
	defer cancel()
	e, p, err := a.planSpec(ctx, c)
	if err != nil {
		return err
	}
	heard := a.signsOfLife("looking for who made the changes")
	report := e.Drift(ctx, p)
	heard()
	if ctx.Err() != nil {
		return fmt.Errorf("the report was not finished: %w", cutShort(ctx))
	}
	switch format {
	case "json":
		err = report.Encode(a.Out)
	case "markdown":
		err = render.DriftMarkdown(a.Out, report, c.String("file"))
	default:
		render.NewText(a.Out, a.colour(c, a.OutTerminal)).Drift(report, c.String("file"), applyCommandLine(c, ""))
	}
	if err != nil {
		return err
	}
	return verdict(p, true, format)
}
