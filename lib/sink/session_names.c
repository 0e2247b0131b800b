// SPDX-License-Identifier: Apache-2.0
#include "sink/session.h"

const char *session_stage_name(enum session_stage stage)
{
	switch (stage) {
	case SESSION_IDLE:
		return "idle";
	case SESSION_CONNECT:
		return "connect";
	case SESSION_HANDSHAKE:
		return "handshake";
	case SESSION_OPEN:
		return "open";
	case SESSION_RUNNING:
		return "running";
	case SESSION_DRAIN:
		return "drain";
	case SESSION_CLOSE:
		return "close";
	}
	return "?";
}

const char *session_end_name(enum session_end why)
{
	switch (why) {
	case SESSION_END_CONNECT:
		return "not connected";
	case SESSION_END_HANDSHAKE:
		return "handshake failed";
	case SESSION_END_OPEN_REFUSED:
		return "open refused";
	case SESSION_END_OPEN_TIMEOUT:
		return "open not answered";
	case SESSION_END_OPEN_CLOSED:
		return "closed before open was answered";
	case SESSION_END_CLOSED_EARLY:
		return "closed early";
	case SESSION_END_SERVERCLOSE:
		return "ended by the receiver";
	case SESSION_END_PROTOCOL:
		return "protocol error";
	case SESSION_END_SILENT:
		return "messages not answered";
	case SESSION_END_CLOSED:
		return "closed";
	}
	return "?";
}
