package main

import (
	"archive/tar"
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"time"
)

// image writes an OCI image archive to standard output: one layer per folder, byte for byte the same for the same files.
func image(arguments []string) error {
	options := flag.NewFlagSet("image", flag.ContinueOnError)
	name := options.String("name", "", "the image's `NAME:TAG`")
	user := options.String("user", "", "whom it runs as")
	entrypoint := options.String("entrypoint", "", "the command, with blanks between its words")
	if err := options.Parse(arguments); err != nil {
		return err
	}
	if *name == "" || *entrypoint == "" || options.NArg() == 0 {
		return errors.New("-name, -entrypoint or FOLDER is missing")
	}

	archive := tar.NewWriter(os.Stdout)
	blob := func(mediaType string, content []byte) (map[string]any, error) {
		digest := fmt.Sprintf("%x", sha256.Sum256(content))
		described := map[string]any{"mediaType": mediaType, "digest": "sha256:" + digest, "size": len(content)}
		return described, put(archive, "blobs/sha256/"+digest, content)
	}
	object := func(mediaType string, value any) (map[string]any, error) {
		content, err := json.Marshal(value)
		if err != nil {
			return nil, err
		}
		return blob(mediaType, content)
	}

	var layers []map[string]any
	var digests []any
	for _, folder := range options.Args() {
		content, err := layer(folder)
		if err != nil {
			return err
		}
		described, err := blob("application/vnd.oci.image.layer.v1.tar", content)
		if err != nil {
			return err
		}
		layers = append(layers, described)
		digests = append(digests, described["digest"])
	}
	config, err := object("application/vnd.oci.image.config.v1+json", map[string]any{
		"architecture": runtime.GOARCH,
		"os":           "linux",
		"config": map[string]any{
			"Entrypoint": strings.Fields(*entrypoint),
			"Env":        []string{"PATH=/usr/local/bin:/usr/bin:/bin", "LANG=C.UTF-8"},
			"User":       *user,
		},
		"rootfs": map[string]any{"type": "layers", "diff_ids": digests},
	})
	if err != nil {
		return err
	}
	manifest, err := object("application/vnd.oci.image.manifest.v1+json", map[string]any{
		"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": config, "layers": layers,
	})
	if err != nil {
		return err
	}
	manifest["annotations"] = map[string]string{"io.containerd.image.name": *name}
	index, err := json.Marshal(map[string]any{"schemaVersion": 2, "manifests": []any{manifest}})
	if err != nil {
		return err
	}
	return errors.Join(
		put(archive, "index.json", index),
		put(archive, "oci-layout", []byte(`{"imageLayoutVersion":"1.0.0"}`)),
		archive.Close())
}

func put(archive *tar.Writer, name string, content []byte) error {
	header := &tar.Header{Name: name, Mode: 0o644, Size: int64(len(content)), ModTime: time.Unix(0, 0)}
	if err := archive.WriteHeader(header); err != nil {
		return err
	}
	_, err := archive.Write(content)
	return err
}

// layer packs what is in the folder, all of it root's.
func layer(folder string) ([]byte, error) {
	var content bytes.Buffer
	archive := tar.NewWriter(&content)
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || path == folder {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		target := ""
		if entry.Type() == fs.ModeSymlink {
			if target, err = os.Readlink(path); err != nil {
				return err
			}
		}
		header, err := tar.FileInfoHeader(info, target)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		header.Name = name
		header.Uid, header.Gid, header.Uname, header.Gname = 0, 0, "", ""
		header.ModTime, header.AccessTime, header.ChangeTime = time.Unix(0, 0), time.Time{}, time.Time{}
		if err := archive.WriteHeader(header); err != nil || !entry.Type().IsRegular() {
			return err
		}
		file, err := os.Open(path)
		if err != nil {
			return err
		}
		defer file.Close()
		_, err = io.Copy(archive, file)
		return err
	})
	return content.Bytes(), errors.Join(err, archive.Close())
}
