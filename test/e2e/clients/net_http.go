package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"os"
	"path/filepath"
)

type answer struct {
	UploadURL string            `json:"uploadUrl"`
	Method    string            `json:"method"`
	Headers   map[string]string `json:"headers"`
}

func main() {
	baseURL, key, path, contentType := os.Args[1], os.Args[2], os.Args[3], os.Args[4]
	content, err := os.ReadFile(path)
	check(err)

	body, err := json.Marshal(map[string]any{
		"filename": filepath.Base(path), "contentType": contentType, "size": len(content),
	})
	check(err)
	asked := send("POST", baseURL+"/v1/upload/s3", body, map[string]string{
		"Content-Type": "application/json", "Authorization": "Bearer " + key,
	})

	var upload answer
	check(json.Unmarshal(asked, &upload))
	send(upload.Method, upload.UploadURL, content, upload.Headers)
	fmt.Println(string(asked))
}

func send(method, url string, body []byte, headers map[string]string) []byte {
	request, err := http.NewRequest(method, url, bytes.NewReader(body))
	check(err)
	for name, value := range headers {
		request.Header.Set(name, value)
	}
	response, err := http.DefaultClient.Do(request)
	check(err)
	defer response.Body.Close()
	received, err := io.ReadAll(response.Body)
	check(err)
	if response.StatusCode != http.StatusOK {
		log.Fatalf("%s: %s %s", method, response.Status, received)
	}
	return received
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
