// SPDX-FileCopyrightText: The EgressBundle Authors
// SPDX-License-Identifier: Apache-2.0

package command

const renderHelp = `render reads every EgressBundle, and the EgressMesh if there is one, from files
and from the files of folders and their subfolders that are named .yaml, .yml or .json,
but for hidden ones. A PATH of - is standard input. Objects may stand in a List, as
kubectl prints them. Those of other APIs are not rendered, but those of Istio that
contradict a bundle are reported.

All bundles have one EgressMesh. Where it is in no PATH, --mesh names its file. Bundles that
meet none are for a standard installation of Istio. If an EgressMesh lies beside them all the
same, or in a folder above them up to the root of their Git repository, a warning names its file.
A bundle with mesh: {} in its spec says that a standard installation is meant.

It prints the objects as one YAML stream. With -o it writes them to a folder that
belongs to this call: name every bundle whose objects are to stay there. A folder inside
it may belong to another call, for other bundles. With --check
it writes nothing, and fails with a diff if the folder is not what the bundles say. If
anything is wrong, it prints the problems of all files on standard error and nothing
else; what is wrong by itself comes before what it leads to. No bundle
at all is wrong too, unless --allow-empty says that the last one was removed on purpose;
each PATH must be there all the same, and Git keeps no empty folder. Of each bundle whose
objects go, a warning has the name.

Objects of others in standard input do not come out, and a warning counts them. With
--keep-others they do, and those of files too, in front of the objects: each document as it is
written, byte by byte. Workloads among them are not patched.

Only files that egressbundle made are written or removed: they have its annotations and
the names that it gives, and hold nothing else. Where another is in the way, nothing is
written. One call at a time writes to a folder, others wait. If it fails, the folder is
as before; if it is killed, each file is as before or as it is to be, and the next call
says so and writes the rest.

With --report it prints, in Markdown and instead of the objects, who may reach what
by which exit and where that really leads, what is open beside it, and which object stops
each way around it, or that nothing does. Markdown starts with a flowchart of Mermaid,
unless it had more than 30 arrows. With --report=json it prints the same for machines, as
"egressbundle schema EgressReport" describes it. With --since PATH as well,
which may be given several times, Markdown has only what differs from the bundles there, an
older checkout of them: what is opened, what is closed, and what is otherwise than before.

With --as-of DATE, a destination whose last day (expires) is before DATE gets a warning, or an
error if the EgressMesh says expiredDestinations: Deny. The report lists it, and what expires
within 30 days from DATE, or as many as --expires-within says. The clock of the machine is
never asked: without --as-of no date is judged, and the report says so.

The exit status is 0; 1 if anything is wrong with the input; 2 if the command line is wrong; 3 if
--check or --since finds a difference.`

const patchHelp = `patch reads EgressBundles as render does, and prints how to change the Pods of
workloads that exist already: to skip their proxies, as spec.bypass wants it, and
to mount the files of certificates.

It prints a kustomize Component: write it to a file kustomization.yaml in a
folder of its own, and name that folder under components where the workloads are
built. They must say their namespace there: kustomize applies components before a
namespace of the same kustomization. With --helm it prints values for the charts of
Istio, also those of gateways with {deploy: {installer: Helm}}. Pods take the change
when they start again.

As a KRM function, egressbundle patches the workloads among its items by itself.`

const buildHelp = `build prints what "kustomize build DIR" prints, with objects in place of its
EgressBundles. It has the library of kustomize inside, and needs no flags, no plugins and
no annotations. Bundles and the EgressMesh are resources of the kustomization, or of those
below it. Patches, components, labels, namespace and namePrefix change bundles before they
are rendered, all of them together. They do not change what bundles become, but names of
Secrets there follow kustomize, and a patch for it that finds nothing gets a warning.

A kustomization that names egressbundle under generators or transformers stays as it is:
the bundles there become resources, and the EgressMesh is that of the whole build. Functions
of others are not run, and fail the build.

The objects stand behind everything else, which comes out as kustomize makes it, but for
workloads that a bundle patches. -o, --check, --report, --since, which is another DIR,
--as-of, --expires-within, --allow-empty and --mesh are those of
render: the folder has the objects of bundles, and nothing else of the build. If anything
is wrong, nothing is written.`

const explainHelp = `explain reads EgressBundles as render does, and says what becomes of one call: by which
proxies it goes, which object decides there and which line of a bundle that object is from,
what each proxy logs, where the call leaves and whose certificate is checked there. If it is
stopped, it says which object stops it, how that looks to the application, and the smallest
change of a bundle that lets it pass.

A URL is https://HOST or tls://HOST for TLS that the application opens, http://HOST/PATH for
requests, and tcp://ADDRESS:PORT for any other bytes, or tcp://HOST:PORT with dnsCapture of the
mesh. A line of a log is that of Istio's default format, with * for what differs from call to call.

It knows what the bundles say, and the objects of others in the same files. It does not know
what else there is in the cluster.`

const smokeHelp = `smoke reads EgressBundles as render does, and prints Jobs that try them on a cluster: one for each
service account that is a client of any, with a ConfigMap that has its calls and the script
that makes them. Where a whole namespace is the client, it is the account default.

Each Job waits for its sidecar, makes every call that bundles promise to its account and every
call that must be stopped, writes a line for each, ends its sidecar, and fails if one of them
ended otherwise. A line that failed names the objects that lead the call, or the one that
stops it. Only hosts and addresses that a bundle names are called, and nothing is
sent that could change anything: for http:// a HEAD request, for https:// no more than the TLS
handshake, and for TCP nothing, so that only the server speaks. What cannot be tried so,
has a line that says why.

The namespaces of the clients must have sidecars injected. The Pods keep to the restricted
Pod Security Standard, so there Istio's CNI plugin must do what needs more. The Jobs and
the ConfigMaps have the label app.kubernetes.io/name=egressbundle-smoke, and are none of the
objects that render writes or removes.

The exit status is 0; 1 if anything is wrong with the input; 2 if the command line is wrong.`

const runbookHelp = `runbook reads EgressBundles as render does, and prints a runbook for them in Markdown,
for somebody on call who knows neither them nor their files. It has

- what must be there before, with the command that checks it and what that prints;
- of each way that calls go one call, with the lines to expect in both logs, the statistics
  that count, what the proxies must know, and the same call past all proxies;
- calls that must fail;
- what can fail of these bundles: how it shows, why, what to look at, and the remedy;
- how to remove everything, in an order that opens nothing on the way.

With --build the PATH is the folder of a kustomization, which is built as build does. A folder
without it is read as render reads it.`

const schemaHelp = `schema prints the JSON Schema of files that people write, with which an editor completes and
checks them, or that of one kind.

EgressReport is what --report=json prints, and EgressExplanation is what explain -o json
prints. No command writes EgressDiagnostics: programs do that are written in Go and have egressbundle
as a library.`
