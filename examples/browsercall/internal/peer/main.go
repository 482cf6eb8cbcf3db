// Peer is the Go half of the browser client's tests against Go: it takes requests on stdin and answers on stdout, one JSON
// object a line, and does with the packages of this module what is asked. It is for tests alone.
//
//	{"id":1,"op":"echo","data":"AAEC"}   ->   {"id":1,"data":"AAEC"}   or   {"id":1,"error":"why not"}
//
// Bytes are base64, as encoding/json writes []byte. Requests are handled one after the other, in order. It ends when
// stdin does.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"
)

// maxLine bounds one request; nothing that the tests send comes near.
const maxLine = 32 << 20

// commands are what each op does with the request's fields. An answer is a JSON object.
var commands = map[string]func(request []byte) (any, error){}

// on registers a command; files of this package call it in init. The request's fields are decoded into In, and Out,
// a struct or a map, becomes the fields of the answer.
func on[In, Out any](op string, do func(In) (Out, error)) {
	if _, taken := commands[op]; taken {
		panic("peer: op " + op + " is registered twice")
	}
	commands[op] = func(request []byte) (any, error) {
		var in In
		if err := json.Unmarshal(request, &in); err != nil {
			return nil, err
		}
		return do(in)
	}
}

// nothing is the answer, or the request, without fields.
type nothing struct{}

func init() {
	type data struct {
		Data []byte `json:"data"`
	}
	on("echo", func(in data) (data, error) { return in, nil })
}

func main() {
	if err := serve(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "peer:", err)
		os.Exit(1)
	}
}

func serve(in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	w := bufio.NewWriter(out)
	for lines.Scan() {
		if _, err := w.Write(append(answer(lines.Bytes()), '\n')); err != nil {
			return err
		}
		if err := w.Flush(); err != nil {
			return err
		}
	}
	return lines.Err()
}

// answer handles one request.
func answer(line []byte) []byte {
	var head struct {
		ID uint64 `json:"id"`
		Op string `json:"op"`
	}
	if err := json.Unmarshal(line, &head); err != nil {
		return failure(0, err)
	}
	do, ok := commands[head.Op]
	if !ok {
		return failure(head.ID, fmt.Errorf("no op %q is registered", head.Op))
	}
	result, err := do(line)
	if err != nil {
		return failure(head.ID, err)
	}
	fields, err := json.Marshal(result)
	if err != nil || !bytes.HasPrefix(fields, []byte("{")) {
		return failure(head.ID, fmt.Errorf("the answer to %q is no JSON object (%v)", head.Op, err))
	}
	var names map[string]json.RawMessage
	if err := json.Unmarshal(fields, &names); err != nil || names["id"] != nil || names["error"] != nil {
		return failure(head.ID, fmt.Errorf("the answer to %q may not have the fields id and error", head.Op))
	}
	b := fmt.Appendf(nil, `{"id":%d`, head.ID)
	if len(fields) > len("{}") {
		b = append(b, ',')
	}
	return append(b, fields[1:]...)
}

func failure(id uint64, err error) []byte {
	b, _ := json.Marshal(struct {
		ID    uint64 `json:"id"`
		Error string `json:"error"`
	}{id, err.Error()})
	return b
}
