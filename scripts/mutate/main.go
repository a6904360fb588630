// Command mutate checks the tests: it puts one defect at a time into a copy of
// the source, and runs the tests that should notice. It ends with code 1 if a
// defect survives, does not build, or is not where the list says it is. The
// working tree is only read. Run it at the module's root; -run picks defects by
// a part of their names.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"
)

// patience bounds the tests of one defect: one that makes them hang is caught.
const patience = 5 * time.Minute

func main() {
	only := flag.String("run", "", "a part of the names of the defects to try")
	lanes := flag.Int("lanes", 2, "how many defects are tried at once")
	flag.Parse()
	if err := run(*only, *lanes); err != nil {
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(1)
	}
}

func run(only string, lanes int) error {
	if err := check("."); err != nil {
		return err
	}
	chosen := slices.DeleteFunc(slices.Clone(defects), func(d defect) bool { return !strings.Contains(d.name, only) })
	base, err := os.MkdirTemp("", "mutate")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(base) }()
	copies := make([]string, lanes)
	for i := range copies {
		copies[i] = filepath.Join(base, fmt.Sprint(i))
		if err := copyTree(copies[i]); err != nil {
			return err
		}
	}
	if err := sound(copies[0], chosen); err != nil {
		return err
	}
	return tryAll(chosen, copies)
}

// sound runs all tests without a defect: else one that fails anyway would seem
// to have caught something.
func sound(dir string, chosen []defect) error {
	packages := map[string]bool{}
	for _, d := range chosen {
		for _, p := range d.tests {
			packages[p] = true
		}
	}
	if out, err := goTool(dir, append([]string{"test"}, slices.Sorted(maps.Keys(packages))...)...); err != nil {
		return fmt.Errorf("the tests fail without any defect: %w\n%s", err, out)
	}
	return nil
}

// tryAll tries defects, one at a time in each copy of the source.
func tryAll(chosen []defect, copies []string) error {
	queue := make(chan defect)
	var mu sync.Mutex
	var bad []error
	var all sync.WaitGroup
	for _, dir := range copies {
		all.Go(func() {
			for d := range queue {
				began := time.Now()
				verdict, err := try(dir, d)
				mu.Lock()
				fmt.Printf("%-9s %4.0fs  %s\n", verdict, time.Since(began).Seconds(), d.name)
				if err != nil {
					bad = append(bad, err)
				}
				mu.Unlock()
			}
		})
	}
	for _, d := range chosen {
		queue <- d
	}
	close(queue)
	all.Wait()
	fmt.Printf("%d defects, %d not caught\n", len(chosen), len(bad))
	return errors.Join(bad...)
}

// check finds every defect's place: its text must stand there exactly once.
func check(root string) error {
	var wrong []error
	for _, d := range defects {
		source, err := os.ReadFile(filepath.Join(root, d.file))
		if err == nil && strings.Count(string(source), d.old) != 1 {
			err = fmt.Errorf("%s: the text stands %d times in %s: %q", d.name, strings.Count(string(source), d.old), d.file, d.old)
		}
		if err != nil {
			wrong = append(wrong, err)
		}
	}
	return errors.Join(wrong...)
}

// copyTree copies the source, and leaves out what is hidden or was built.
func copyTree(to string) error {
	return filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != "." && (strings.HasPrefix(entry.Name(), ".") || path == "bin" || path == "dist"):
			if entry.IsDir() {
				return fs.SkipDir
			}
			return nil
		case entry.IsDir():
			return os.MkdirAll(filepath.Join(to, path), 0o755)
		case !entry.Type().IsRegular():
			return nil
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, path), data, 0o644)
	})
}

// try puts a defect in, runs the tests, and takes it out again.
func try(dir string, d defect) (verdict string, err error) {
	file := filepath.Join(dir, d.file)
	sound, err := os.ReadFile(file)
	if err != nil {
		return "ERROR", err
	}
	defer func() { err = errors.Join(err, os.WriteFile(file, sound, 0o644)) }()
	if err := os.WriteFile(file, []byte(strings.Replace(string(sound), d.old, d.new, 1)), 0o644); err != nil {
		return "ERROR", err
	}
	if out, err := goTool(dir, "build", "./"+filepath.Dir(d.file)); err != nil {
		return "BROKEN", fmt.Errorf("%s does not build: %w\n%s", d.name, err, out)
	}
	for _, tests := range d.tests {
		if _, err := goTool(dir, "test", "-failfast", "-timeout", "2m", tests); err != nil {
			return "caught", nil
		}
	}
	return "SURVIVED", fmt.Errorf("%s survived %s: %s", d.name, strings.Join(d.tests, " "), d.why)
}

func goTool(dir string, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir = dir
	return cmd.CombinedOutput()
}
