// What the node needs beside Kubernetes, in one static program: `pause` holds a pod's namespaces, the scripts in the
// folder above call the rest.
package main

import (
	"fmt"
	"os"
)

func main() {
	commands := map[string]func(arguments []string) error{
		"forward": forward,
		"image":   image,
		"listen":  listen,
		"pause":   pause,
		"pki":     pki,
	}
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: tool forward ADDRESS | image OPTION... FOLDER... | listen FILE COMMAND... | pause | pki FOLDER")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:]); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[1], err)
		os.Exit(1)
	}
}
