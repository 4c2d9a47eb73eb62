package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"syscall"
)

// A socket belongs to the network namespace in which it was made. `listen` makes one on the machine's loopback and
// hands it on as file descriptor 3; `forward`, by then in the node's namespace, connects its clients to the API server.
const descriptor = 3

// listen opens a free loopback port, writes its number to a file and becomes the command.
func listen(arguments []string) error {
	if len(arguments) < 2 {
		return errors.New("FILE or COMMAND is missing")
	}
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return err
	}
	file, err := listener.(*net.TCPListener).File()
	if err != nil {
		return err
	}
	// The copy made by dup3 is inherited, unlike the original.
	if int(file.Fd()) == descriptor {
		return fmt.Errorf("file descriptor %d is in use by the listener itself", descriptor)
	}
	if err := syscall.Dup3(int(file.Fd()), descriptor, 0); err != nil {
		return err
	}
	port := listener.Addr().(*net.TCPAddr).Port
	if err := os.WriteFile(arguments[0], fmt.Appendln(nil, port), 0o644); err != nil {
		return err
	}
	program, err := exec.LookPath(arguments[1])
	if err != nil {
		return err
	}
	return syscall.Exec(program, arguments[1:], os.Environ())
}

// forward accepts connections on the inherited socket and connects each to the address.
func forward(arguments []string) error {
	if len(arguments) != 1 {
		return errors.New("ADDRESS is missing")
	}
	listener, err := net.FileListener(os.NewFile(descriptor, "listener"))
	if err != nil {
		return err
	}
	for {
		client, err := listener.Accept()
		if err != nil {
			return err
		}
		go connect(client, arguments[0])
	}
}

func connect(client net.Conn, address string) {
	defer client.Close()
	server, err := net.Dial("tcp", address)
	if err != nil {
		return // the client sees a closed connection, as from a server that is not up
	}
	defer server.Close()
	go func() {
		io.Copy(server, client)
		server.(*net.TCPConn).CloseWrite()
	}()
	io.Copy(client, server)
}
