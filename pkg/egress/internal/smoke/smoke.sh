#!/bin/sh
# SPDX-FileCopyrightText: The EgressBundle Authors
# SPDX-License-Identifier: Apache-2.0

# Makes each call of a file, says in a line whether it ends as it must, and ends the sidecar.
# The exit status is 1 if anything failed. It needs curl, and nothing else.
#
#   sh smoke.sh FILE SECONDS
#
# SECONDS is how long each call may take. Each line of FILE has three parts with one space
# between them:
#
#   passes   URL  objects that lead the call
#   stopped  URL  the object that stops it
#   untried  URL  why it is not tried
#
# A URL says how it is called. Nothing is sent that could change anything:
#
#   http://   a HEAD request
#   https://  a TLS handshake, after which the connection is closed
#   tcp://    a connection, in which the server may speak and the client does not

set -u

file=$1
seconds=$2
ready=http://localhost:15021/healthz/ready
quit=http://localhost:15020/quitquitquit
patience=60 # seconds for the sidecar to be ready
return=$(printf '\r')

# call runs curl without what a file or a variable of the image may tell it.
call() { curl --disable --noproxy '*' --globoff --path-as-is --silent --max-time "$seconds" "$@" </dev/null; }

await_sidecar() {
  waited=0
  until curl --disable --noproxy '*' --silent --fail --output /dev/null --max-time 1 "$ready" </dev/null; do
    waited=$((waited + 1))
    [ "$waited" -lt "$patience" ] || return 1
    sleep 1
  done
}

# A sidecar that Kubernetes ends by itself is asked all the same, and one that is not there
# does not answer.
end_sidecar() { curl --disable --noproxy '*' --silent --max-time 5 --request POST --output /dev/null "$quit" </dev/null; }

# reached calls a URL, says in $status and $saw what became of it, and reports whether the
# host answered.
reached() {
  case $1 in
  http://*) answers_request "$1" ;;
  https://*) shakes_hands "$1" ;;
  tcp://*) keeps_connection "telnet://${1#tcp://}" ;;
  esac
}

answers_request() {
  head=$(call --head --write-out 'code: %{http_code}' "$1")
  status=$?
  saw="HTTP ${head##*code: }"
  [ "$status" -eq 0 ] || saw="no answer, curl exits with $status"
  [ "$status" -eq 0 ] && ! is_of_mesh "${head##*code: }"
}

# is_of_mesh reports whether an answer is an error that has nothing but the headers that Envoy
# writes itself. A host whose errors have no other header looks the same.
is_of_mesh() {
  [ "$1" -ge 400 ] || return 1
  printf '%s\n' "$head" | while IFS=": $return" read -r name value _; do
    case $name in
    '' | HTTP/* | code | connection | content-length | date | server | transfer-encoding | x-envoy-*) ;;
    content-type) [ "$value" = text/plain ] || exit 1 ;;
    *) exit 1 ;;
    esac
  done
}

# No server has the key whose hash is all zeros, so curl closes the connection as soon as the
# handshake is done, and exits with 90; or with 60 before that, where it does not trust the
# certificate. Either way a host has shown its certificate, which no proxy on the way has.
shakes_hands() {
  call --output /dev/null --pinnedpubkey "sha256//AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=" "$1"
  status=$?
  case $status in
  60) saw='TLS handshake with a certificate that is not trusted here' ;;
  90) saw='TLS handshake' ;;
  *) saw="no TLS handshake, curl exits with $status" ;;
  esac
  [ "$status" -eq 60 ] || [ "$status" -eq 90 ]
}

# A sidecar accepts every connection, and closes those that do not get further. What is open
# until the time is up, curl ends with 28.
keeps_connection() {
  got=$(call --output /dev/null --write-out '%{size_download} %{time_connect}' "$1")
  status=$?
  case $got:$status in
  [1-9]*) saw="the server sends ${got% *} bytes" ;;
  *' 0.000000:'*) saw="no connection, curl exits with $status" ;;
  *:28) saw="the connection is open after $seconds seconds" ;;
  *) saw="the connection is closed, curl exits with $status" ;;
  esac
  case $saw in 'the server'* | *' is open '*) true ;; *) false ;; esac
}

# try makes a call, and says how it ended.
try() {
  if reached "$2"; then ended=passes; else ended=stopped; fi
  if [ "$status" -eq 6 ] && [ "$1" = stopped ]; then
    skip "$2" 'the name of the host cannot be resolved'
  elif [ "$ended" = "$1" ]; then
    printf 'ok         %s %s (%s)\n' "$1" "$2" "$saw"
  elif [ "$1" = passes ]; then
    failed=$((failed + 1))
    printf 'FAILED     %s %s (%s). It must pass; what leads it is %s\n' "$ended" "$2" "$saw" "$3"
  else
    failed=$((failed + 1))
    printf 'FAILED     %s %s (%s). It must be stopped by %s\n' "$ended" "$2" "$saw" "$3"
  fi
}

skip() {
  skipped=$((skipped + 1))
  printf 'not tried  %s (%s)\n' "$1" "$2"
}

made=0 failed=0 skipped=0
trap end_sidecar EXIT
trap 'exit 1' INT TERM

if ! await_sidecar; then
  printf 'FAILED     no sidecar is ready after %s seconds; the namespace must have them injected\n' "$patience"
  exit 1
fi
while read -r must url why; do
  made=$((made + 1))
  case $must in
  untried) skip "$url" "$why" ;;
  *) try "$must" "$url" "$why" ;;
  esac
done <"$file"
printf '%s calls: %s ok, %s FAILED, %s not tried\n' "$made" $((made - failed - skipped)) "$failed" "$skipped"
[ "$failed" -eq 0 ]
