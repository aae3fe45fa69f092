// SPDX-License-Identifier: GPL-2.0-only

// go-smb2 HOST USER PASSWORD [sign] - what every client does here (see
// dialogue.py), by way of github.com/cloudsoda/go-smb2.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/cloudsoda/go-smb2"
)

func dialogue(share *smb2.Share) error {
	data := bytes.Repeat([]byte("go-smb2 "), 40000)
	if err := share.WriteFile("go file", data, 0o644); err != nil {
		return fmt.Errorf("write: %w", err)
	}
	got, err := share.ReadFile("go file")
	if err != nil {
		return fmt.Errorf("read: %w", err)
	}
	if !bytes.Equal(got, data) {
		return errors.New("read: not what was written")
	}
	if _, err := share.Stat("missing"); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("stat of a missing file: %w", err)
	}
	if err := share.Rename("go file", "go renamed"); err != nil {
		return fmt.Errorf("rename: %w", err)
	}
	entries, err := share.ReadDir("")
	if err != nil {
		return fmt.Errorf("list: %w", err)
	}
	found := false
	for _, entry := range entries {
		found = found || entry.Name() == "go renamed"
	}
	if !found {
		return errors.New("list: the file is not there")
	}
	return share.Remove("go renamed")
}

func work(host, user, password string, sign bool) error {
	dialer := &smb2.Dialer{
		Negotiator: smb2.Negotiator{RequireMessageSigning: sign},
		Initiator:  &smb2.NTLMInitiator{User: user, Password: password},
	}
	session, err := dialer.Dial(context.Background(), host+":445")
	if err != nil {
		return fmt.Errorf("login: %w", err)
	}
	share, err := session.Mount("share")
	if err != nil {
		return fmt.Errorf("mount: %w", err)
	}
	if err := dialogue(share); err != nil {
		return err
	}
	if err := share.Umount(); err != nil {
		return fmt.Errorf("umount: %w", err)
	}
	return session.Logoff()
}

func main() {
	sign := len(os.Args) > 4 && os.Args[4] == "sign"
	if err := work(os.Args[1], os.Args[2], os.Args[3], sign); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
