/* SPDX-License-Identifier: Apache-2.0 */
/* An I/O thread: its event loop, and the calls that others post to it. */
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "http/conn.h"

struct post *post_new(size_t len)
{
	struct post *post = xmalloc(sizeof *post + len);

	memset(post, 0, sizeof *post);
	post->len = len;
	return post;
}

void loop_post(struct loop *loop, struct post *post)
{
	bool first;

	atomic_fetch_add(&loop->posting, 1);
	pthread_mutex_lock(&loop->lock);
	first = loop->posts == NULL;
	post->next = NULL;
	*loop->posts_end = post;
	loop->posts_end = &post->next;
	pthread_mutex_unlock(&loop->lock);
	/* Not under the lock, into which the loop would run at once.  Its end
	 * waits for us. */
	if (first && eventfd_write(loop->wake_fd, 1) != 0)
		abort();          /* a counter of 1 cannot overflow */
	atomic_fetch_sub(&loop->posting, 1);
}

static struct post *take_posts(struct loop *loop)
{
	struct post *posts;
	eventfd_t n;

	pthread_mutex_lock(&loop->lock);
	(void)eventfd_read(loop->wake_fd, &n);
	posts = loop->posts;
	loop->posts = NULL;
	loop->posts_end = &loop->posts;
	pthread_mutex_unlock(&loop->lock);
	return posts;
}

static bool is_over(const struct loop *loop)
{
	return loop->stopping && loop->conns == NULL &&
		atomic_load_explicit(&loop->n.in_hand,
				     memory_order_relaxed) == 0;
}

static void on_wake(evutil_socket_t fd, short what, void *arg)
{
	struct loop *loop = arg;
	struct post *post = take_posts(loop);

	while (post != NULL) {
		struct post *next = post->next;
		struct http_request *req = post->req;

		post->run(loop, post);
		if (req != NULL)
			request_unref(req);
		free(post);
		post = next;
	}
}

/* Also when the thread never ran: then the caller's thread closes it all. */
static void run(struct loop *loop)
{
	while (!is_over(loop) && event_base_loop(loop->base, EVLOOP_ONCE) == 0)
		;
}

static void *thread_main(void *arg)
{
	struct loop *loop = arg;

	/* Held while loop->thread and started are written. */
	pthread_mutex_lock(&loop->lock);
	pthread_mutex_unlock(&loop->lock);
	run(loop);
	return NULL;
}

static struct event_base *base_new(void)
{
	struct event_config *config = event_config_new();
	struct event_base *base = NULL;

	if (config == NULL)
		return NULL;
	/* One thread uses a base, and posts wake it through its eventfd. */
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	/*
	 * With the list, epoll_ctl comes after the closing of a descriptor,
	 * whose number another loop may have by then: in a set of its own,
	 * so it is ENOENT and no more, but ThreadSanitizer calls it a race.
	 */
#ifndef __SANITIZE_THREAD__
	event_config_set_flag(config, EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST);
#endif
	base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

struct loop *loop_new(struct http_server *server, struct err *err)
{
	struct loop *loop = xcalloc(1, sizeof *loop);

	loop->server = server;
	loop->thread = pthread_self();
	loop->posts_end = &loop->posts;
	pthread_mutex_init(&loop->lock, NULL);
	loop->base = base_new();
	loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (loop->base == NULL || loop->wake_fd < 0) {
		err_set(err, EC_ERROR, "cannot make an event loop: %s; look "
			"at the limit of open files", strerror(errno));
		loop_free(loop);
		return NULL;
	}
	loop->in = xmalloc(IN_SIZE);
	loop->wake = event_new(loop->base, loop->wake_fd, EV_READ | EV_PERSIST,
			       on_wake, loop);
	event_add(loop->wake, NULL);
	return loop;
}

bool loop_start(struct loop *loop, struct err *err)
{
	int error;

	pthread_mutex_lock(&loop->lock);
	error = pthread_create(&loop->thread, NULL, thread_main, loop);
	loop->started = error == 0;
	pthread_mutex_unlock(&loop->lock);
	if (error != 0) {
		loop->thread = pthread_self();
		return err_set(err, EC_ERROR, "cannot start an I/O thread: %s",
			       strerror(error));
	}
	return true;
}

void loop_drain(struct loop *loop)
{
	struct conn *c = loop->conns, *next;

	loop->draining = true;
	for (; c != NULL; c = next) {
		next = c->next;
		if (!conn_is_idle(c))
			continue;
		conn_enter(c);
		conn_shutdown_write(c);
		conn_destroy(c);
		conn_leave(c);
	}
}

void loop_stop(struct loop *loop)
{
	loop->stopping = true;
	while (loop->conns != NULL) {
		struct conn *c = loop->conns;

		conn_enter(c);
		conn_destroy(c);
		conn_leave(c);
	}
	while (loop->tasks != NULL) {
		struct http_request *task = loop->tasks;

		request_unlink_task(task);
		request_gone(task);
	}
	upstreams_stop(loop);
}

static void run_stop(struct loop *loop, struct post *post)
{
	loop_stop(loop);
}

static void free_memory(struct loop *loop)
{
	while (loop->spare != NULL) {
		struct http_request *req = loop->spare;

		loop->spare = req->next;
		request_free(req);
	}
	buf_free(&loop->spare_out);
	buf_free(&loop->spare_fields);
	free(loop->in);
	pthread_mutex_destroy(&loop->lock);
	free(loop);
}

void loop_free(struct loop *loop)
{
	struct post *stop;

	if (loop == NULL)
		return;
	if (loop->wake != NULL) {
		stop = post_new(0);
		stop->run = run_stop;
		loop_post(loop, stop);
		if (loop->started)
			pthread_join(loop->thread, NULL);
		else
			run(loop);
		event_free(loop->wake);
	}
	while (atomic_load(&loop->posting) > 0)
		sched_yield();
	upstreams_stop(loop);
	if (loop->wake_fd >= 0)
		close(loop->wake_fd);
	if (loop->base != NULL)
		event_base_free(loop->base);
	free_memory(loop);
}
