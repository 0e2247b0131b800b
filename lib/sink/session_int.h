// SPDX-License-Identifier: Apache-2.0
#ifndef SINK_SESSION_INT_H
#define SINK_SESSION_INT_H

#include "sink/session.h"

#define SESSION_READ_BYTES (64 * 1024)

/*
 * What session.c (the stages and their limits) and session_io.c (what is read
 * and written from SESSION_OPEN on) share.
 */
struct session {
	struct loop *loop;
	struct session_conf conf;
	struct session_events ev;
	void *arg;
	struct relp_client *relp;
	char *read_bytes;

	enum session_stage stage;
	struct addr_list list;
	size_t at;	     /* in list: the address in use */
	int fd;		     /* while connecting; then the transport's; else -1 */
	struct transport *t; /* from SESSION_HANDSHAKE on */
	struct loop_watch watch;
	struct loop_timer limit;  /* of the stage */
	struct loop_timer soon;	  /* in the next turn: on with it */
	struct loop_timer linger; /* after a failed write */

	bool write_waits_out, write_waits_in, read_waits_out; /* what the transport said */
	bool write_failed;
	struct err write_err;
	bool close_wanted;
	uint64_t progress_ms; /* of the last answer, or of the first frame waiting for one */
	uint64_t drain_ms;    /* when SESSION_DRAIN began */

	/* callbacks may free, abort or start the session: see session_alive */
	unsigned depth;
	bool dead;
	uint64_t connection; /* counts up when one ends */
};

/*
 * After a callback: is this still the connection that was worked for? The owner
 * may have freed, aborted or started anew; `connection` is from before.
 */
static inline bool session_alive(const struct session *s, uint64_t connection)
{
	return !s->dead && s->connection == connection;
}

/* Drops the connection and tells the owner; e may be NULL. The last thing done for a connection. */
void session_end(struct session *s, enum session_end why, const struct err *e);

/* What an end of the stream now, wished or not, means. */
enum session_end session_end_of_stream(const struct session *s);

/*
 * The stream ends, or a serverclose came: where that is instead of the answer to
 * open, the transport may know what it means, and puts it into e.
 */
void session_explain(struct session *s, struct err *e);

/* Watches for what the transport waits for. */
void session_watch(struct session *s);

/* Reads what has come and tells the owner; false: the connection is over. */
bool session_read(struct session *s);

#endif
