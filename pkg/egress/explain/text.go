// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package explain

import (
	"cmp"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// verdicts say in words what becomes of a call.
var verdicts = map[Verdict]string{
	Passes:  "passes",
	Stopped: "is stopped",
	Open:    "leaves, and no destination leads it",
	Unknown: "is not for bundles to decide",
}

// Encode writes the explanation for people. Equal explanations give equal bytes. An error is one
// of the writer.
func (e Explanation) Encode(w io.Writer) error {
	var text strings.Builder
	fmt.Fprintf(&text, "%s from %s\nIt %s.\n", e.Call, e.Call.from(), verdicts[e.Verdict])
	for _, h := range e.Hops {
		h.write(&text)
	}
	if e.Exit != nil {
		e.writeExit(&text)
	}
	if e.Stop != nil {
		e.Stop.write(&text)
	}
	for _, note := range e.Notes {
		fmt.Fprintf(&text, "\n%s\n", note)
	}
	if e.Remedy != nil {
		e.Remedy.write(&text, e.Verdict)
	}
	_, err := io.WriteString(w, text.String())
	return err
}

func (c Call) from() string {
	from := c.Namespace + "/" + cmp.Or(c.ServiceAccount, "default")
	if c.NoSidecar {
		from += ", without a sidecar"
	}
	return from
}

// String writes the call as it was asked for.
func (c Call) String() string {
	if c.isRequest() {
		return cmp.Or(c.Method, "GET") + " " + c.URL
	}
	return c.URL
}

func (c Call) isRequest() bool { return strings.HasPrefix(strings.ToLower(c.URL), "http://") }

func (h Hop) write(text *strings.Builder) {
	if h.Proxy == Sidecar {
		text.WriteString("\nsidecar\n")
	} else {
		fmt.Fprintf(text, "\ngateway %s\n", h.Proxy)
	}
	for _, o := range h.Objects {
		fmt.Fprintf(text, "  %s\n", o)
	}
	if h.Encryption != "" {
		fmt.Fprintf(text, "  sends it on over TLS of the mesh, with SNI %s\n", h.SNI)
	}
	if h.Authority != "" {
		fmt.Fprintf(text, "  sends it on with Host %s\n", h.Authority)
	}
	if h.Path != "" {
		fmt.Fprintf(text, "  sends it on with the path %s\n", h.Path)
	}
	if h.Headers != nil {
		fmt.Fprintf(text, "  changes headers: %s\n", h.Headers)
	}
	if h.Log != nil {
		fmt.Fprintf(text, "  access log, if it is on: %s\n", h.Log)
	}
}

// String names the object, what it does and where it comes from.
func (o Object) String() string {
	text := fmt.Sprintf("%s %s", o.Ref, o.Does)
	switch {
	case o.Position.File != "":
		return fmt.Sprintf("%s (%s)", text, o.Position)
	case o.Field != "":
		return fmt.Sprintf("%s (%s of EgressBundle %s)", text, o.Field, o.Bundle)
	default:
		return text
	}
}

func (e Explanation) writeExit(text *strings.Builder) {
	fmt.Fprintf(text, "\nleaves to %s\n", strings.Join(e.Exit.To, " or "))
	if e.Exit.Connect != "" {
		fmt.Fprintf(text, "  with a request to connect it to %s\n", e.Exit.Connect)
	}
	switch tls := e.Exit.TLS; {
	case tls == nil:
		text.WriteString("  " + unchanged(e.Call) + "\n")
	case e.Exit.Connect != "":
		tls.write(text)
		text.WriteString("  inside that " + unchanged(e.Call) + "\n")
	default:
		tls.write(text)
	}
}

func (t TLS) write(text *strings.Builder) {
	fmt.Fprintf(text, "  over TLS with SNI %s\n", t.SNI)
	fmt.Fprintf(text, "  to %s\n", verified(t))
	if own := certificateOf(t); own != "" {
		fmt.Fprintf(text, "  with the client certificate of %s\n", own)
	}
}

// unchanged says who encrypts what the mesh does not, and who checks the certificate of the host.
func unchanged(c Call) string {
	switch {
	case c.isRequest():
		return "in plain text: nobody encrypts it"
	case strings.HasPrefix(c.URL, "tcp:"):
		return "as the application sent it: the mesh opens no TLS"
	default:
		return "over the TLS of the application, which checks the certificate of the host itself"
	}
}

// verified says to whom the proxy opens it, if it looks.
func verified(t TLS) string {
	if t.InsecureSkipVerify != "" {
		return "WHOEVER ANSWERS: NOTHING IS VERIFIED, for " + strconv.Quote(strings.ToUpper(t.InsecureSkipVerify))
	}
	text := fmt.Sprintf("a certificate for %s, of %s", strings.Join(t.SubjectAltNames, " or "), authorityOf(t))
	if t.CACRL != "" {
		text += ", unless " + t.CACRL + " lists it as revoked"
	}
	return text
}

// authorityOf says who must have signed the certificate of the host.
func authorityOf(t TLS) string {
	switch ca := t.CACertificates; {
	case ca.Secret != "":
		return "a CA in the Secret " + ca.Secret
	case ca.ConfigMap != "":
		return "a CA in the ConfigMap " + ca.ConfigMap
	case ca.File != "":
		return "a CA in the file " + ca.File
	default:
		return "a CA of the system"
	}
}

func certificateOf(t TLS) string {
	switch own := t.ClientCertificate; {
	case own.Files != nil:
		return "the file " + own.Files.Certificate
	case own.Secret != "":
		return "the Secret " + own.Secret
	default:
		return ""
	}
}

func (s Stop) write(text *strings.Builder) {
	text.WriteString("\nstopped by\n")
	for _, o := range s.By {
		fmt.Fprintf(text, "  %s\n", o)
	}
	fmt.Fprintf(text, "  %s\n  %s\n", s.Why, s.Looks)
	if s.Curl != 0 {
		fmt.Fprintf(text, "  curl --fail ends with exit status %d.\n", s.Curl)
	}
}

func (r Remedy) write(text *strings.Builder, verdict Verdict) {
	aim := "let it pass"
	if verdict == Open {
		aim = "lead it by a destination"
	}
	if r.New {
		fmt.Fprintf(text, "\nTo %s, add this bundle:\n\n", aim)
	} else {
		fmt.Fprintf(text, "\nTo %s, merge this into EgressBundle %s", aim, r.Bundle)
		if r.Position.File != "" {
			fmt.Fprintf(text, " (%s)", r.Position)
		}
		text.WriteString(", lists as a whole:\n\n")
	}
	for line := range strings.Lines(r.YAML) {
		text.WriteString("  " + line)
	}
}
