// Measures what wazero takes to compile the files that `make budgets` leaves in a folder, as multiples of what
// blue-green takes in the same run. Each is compiled in a process of its own.
//
//	go -C hosts/go/benchmarks run ./budgets FOLDER
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
)

func main() {
	if len(os.Args) == 3 && os.Args[1] == "compile" {
		compile(os.Args[2])
		return
	}
	if len(os.Args) != 2 {
		log.Fatal("usage: budgets FOLDER")
	}
	files, err := filepath.Glob(filepath.Join(os.Args[1], "*.metered"))
	if err != nil || len(files) == 0 {
		log.Fatalf("no files in %s (%v): make budgets puts them there", os.Args[1], err)
	}
	reference := filepath.Join(os.Args[1], "blue-green.metered")
	fmt.Printf("%-32s %10s %8s\n", "kind", "blue-green", "MiB")
	for _, file := range files {
		// Before and after, for what else the machine does meanwhile.
		before, _ := cost(reference)
		time, memory := cost(file)
		after, _ := cost(reference)
		name := strings.TrimSuffix(filepath.Base(file), ".metered")
		fmt.Printf("%-32s %10.1f %8d\n", name, 2*time/(before+after), memory)
	}
}

// cost is the cost of compiling a file: seconds on the processor, and MiB of memory.
func cost(file string) (float64, int64) {
	command := exec.Command(os.Args[0], "compile", file)
	command.Stderr = os.Stderr
	if err := command.Run(); err != nil {
		log.Fatalf("%s: %v", file, err)
	}
	usage := command.ProcessState.SysUsage().(*syscall.Rusage)
	return (command.ProcessState.UserTime() + command.ProcessState.SystemTime()).Seconds(), usage.Maxrss >> 10
}

func compile(file string) {
	wasm, err := os.ReadFile(file)
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	config := wazero.NewRuntimeConfig().WithCoreFeatures(api.CoreFeaturesV2).WithDebugInfoEnabled(false)
	if _, err := wazero.NewRuntimeWithConfig(ctx, config).CompileModule(ctx, wasm); err != nil {
		log.Fatal(err)
	}
}
