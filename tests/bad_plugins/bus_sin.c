/* tests/bad_plugins/bus_sin.c - a well-built plugin that treats the bus badly; and one that talks
 * and listens meanwhile, to see whether it notices.
 *
 * What was answered is logged as in conduct_sin.c; counts as "counted" with the pairs what, number.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backplane/abi/channel.h"
#include "backplane/abi/core.h"
#include "backplane/abi/service.h"

#define SIN_ID "org.example.bus"
#define SIN_MANIFEST                                                                          \
  "{\"id\":\"org.example.bus\",\"version\":\"1.0.0\",\"abi\":\"1.0\",\"summary\":\"Uses the " \
  "bus.\",\"status\":\"experimental\",\"capabilities\":[\"channel.publish:*\",\"channel."     \
  "subscribe:*\",\"service.provide:*\",\"service.use:*\"]}"
#include "entry.h"

enum { chat_token = 1, work_token = 2, dead_token = 3, many_token = 4 };

struct user {
  const bp_host* host;
  const bp_core* core;
  const bp_chan_api* channels;
  const bp_svc_api* services;
  bp_inst instance;
  bp_chan out;
  bp_chan in;
  uint64_t heard;
  uint64_t in_hand;
};

static bp_str text_of(const char* text) {
  const bp_str result = {text, strlen(text)};
  return result;
}

static void tell(const struct user* self, const char* message, const char* key, const char* what,
                 const char* number_key, int64_t number) {
  char digits[24];
  snprintf(digits, sizeof digits, "%lld", (long long)number);
  const bp_str said = text_of(message);
  const bp_str pairs[] = {text_of(key), text_of(what), text_of(number_key), text_of(digits)};
  self->core->log(self->host, self->instance, BP_LOG_INFO, &said, pairs, 2, NULL);
}

static inline void answered(const struct user* self, const char* sin, bp_status status) {
  tell(self, "sin answered", "sin", sin, "status", status);
}

static inline void counted(const struct user* self, const char* what, uint64_t number) {
  tell(self, "counted", "what", what, "number", (int64_t)number);
}

static inline bp_status open_end(const struct user* self, bp_str name, uint32_t kind,
                                 uint32_t direction, uint64_t token, bp_chan* out) {
  bp_chan_desc desc;
  memset(&desc, 0, sizeof desc);
  desc.struct_size = (uint32_t)sizeof desc;
  desc.kind = kind;
  desc.direction = direction;
  desc.name = name;
  desc.type = text_of("bytes");
  return self->channels->open(self->host, self->instance, &desc, token, out, NULL);
}

static inline bp_status say(const struct user* self, bp_chan channel, uint64_t word) {
  const bp_buf span = {&word, sizeof word, sizeof word, 0};
  return self->channels->publish(self->host, channel, &span, 1, NULL);
}

/* What the build chooses: begin() on START, on_message(), on_woken() on a post or a timer. */
#if defined(BUS_TALKS)
static bp_status begin(struct user* self) {
  bp_timer timer = 0;
  bp_status status =
      open_end(self, text_of("bad.chat"), BP_KIND_BROADCAST, BP_DIR_RECEIVE, chat_token, &self->in);
  if (status == BP_OK) {
    status =
        open_end(self, text_of("bad.chat"), BP_KIND_BROADCAST, BP_DIR_SEND, chat_token, &self->out);
  }
  if (status == BP_OK) {
    status = self->core->timer(self->host, self->instance, 0, 5000000, 1, &timer);
  }
  return status;
}

static void on_woken(struct user* self) {
  say(self, self->out, self->heard);
}

static void on_message(struct user* self, const bp_event* event) {
  (void)event;
  counted(self, "heard", ++self->heard);
}

#elif defined(SIN_NEVER_RETURNS)
static bp_status begin(struct user* self) {
  return open_end(self, text_of("bad.chat"), BP_KIND_BROADCAST, BP_DIR_RECEIVE, chat_token,
                  &self->in);
}

static void on_woken(struct user* self) {
  (void)self;
}

static void on_message(struct user* self, const bp_event* event) {
  (void)event;
  counted(self, "does not return", 1);
  for (;;) {
    pause();
  }
}

#elif defined(SIN_NACKS_FOR_EVER)
static bp_status begin(struct user* self) {
  bp_chan dead = 0;
  bp_status status =
      open_end(self, text_of("bad.dead"), BP_KIND_QUEUE, BP_DIR_RECEIVE, dead_token, &dead);
  if (status == BP_OK) {
    status =
        open_end(self, text_of("bad.work"), BP_KIND_QUEUE, BP_DIR_RECEIVE, work_token, &self->in);
  }
  if (status == BP_OK) {
    status =
        open_end(self, text_of("bad.work"), BP_KIND_QUEUE, BP_DIR_SEND, work_token, &self->out);
  }
  for (uint64_t i = 0; i < 3 && status == BP_OK; ++i) {
    status = say(self, self->out, i);
  }
  return status;
}

static void on_woken(struct user* self) {
  (void)self;
}

static void on_message(struct user* self, const bp_event* event) {
  if (event->token == dead_token) {
    counted(self, "dead letter", ++self->heard);
    return;
  }
  counted(self, (event->flags & BP_EVF_REDELIVERED) != 0 ? "again" : "delivered", ++self->in_hand);
  bp_buf kept = event->buf;
  if (self->channels->retain(self->host, &kept) == BP_OK) {
    self->channels->nack(self->host, &kept, 1000000, BP_E_BUSY, NULL);
  }
}

#elif defined(SIN_MANY_CHANNELS)
#define MANY 10000u

static uint64_t resident_bytes(void) {
  unsigned long long whole = 0;
  unsigned long long resident = 0;
  FILE* file = fopen("/proc/self/statm", "r");
  if (file != NULL) {
    if (fscanf(file, "%llu %llu", &whole, &resident) != 2) {
      resident = 0;
    }
    fclose(file);
  }
  return resident * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* Both ends of each, and one message through each. */
static bp_status begin(struct user* self) {
  const uint64_t before = resident_bytes();
  bp_status status = BP_OK;
  uint64_t opened = 0;
  for (uint32_t i = 0; i < MANY && status == BP_OK; ++i) {
    char name[32];
    bp_chan in = 0;
    bp_chan out = 0;
    snprintf(name, sizeof name, "bad.many.%u", i);
    status = open_end(self, text_of(name), BP_KIND_QUEUE, BP_DIR_RECEIVE, many_token, &in);
    if (status == BP_OK) {
      status = open_end(self, text_of(name), BP_KIND_QUEUE, BP_DIR_SEND, many_token, &out);
    }
    if (status == BP_OK) {
      status = say(self, out, i);
    }
    opened += status == BP_OK ? 1 : 0;
  }
  counted(self, "channels", opened);
  counted(self, "bytes each", opened == 0 ? 0 : (resident_bytes() - before) / opened);
  return status;
}

static void on_woken(struct user* self) {
  (void)self;
}

static void on_message(struct user* self, const bp_event* event) {
  (void)event;
  if (++self->heard == MANY) {
    counted(self, "heard", self->heard);
  }
}

#elif defined(SIN_BAD_NAMES)
/* The log lets so many equal lines pass only: what is as it should be is counted. */
static void refused(struct user* self, const char* what, bp_status status) {
  if (status == BP_E_INVALID) {
    ++self->heard;
  } else {
    answered(self, what, status);
  }
}

static bp_status begin(struct user* self) {
  static char long_name[10240];
  memset(long_name, 'n', sizeof long_name);
  const bp_str names[] = {{long_name, sizeof long_name},
                          {long_name, BP_NAME_BYTES_MAX + 1},
                          {"nul\0inside", 10},
                          {"not\xff\xfeutf-8", 10},
                          {"with space", 10},
                          {"", 0},
                          {NULL, 5}};
  bp_method method;
  memset(&method, 0, sizeof method);
  method.struct_size = (uint32_t)sizeof method;
  method.id = 1;
  method.name = text_of("M");
  for (size_t i = 0; i < sizeof names / sizeof names[0]; ++i) {
    bp_chan channel = 0;
    bp_svc service = 0;
    refused(self, "open", open_end(self, names[i], BP_KIND_QUEUE, BP_DIR_SEND, 1, &channel));
    refused(self, "provide",
            self->services->provide(self->host, self->instance, &names[i], 1, 0, &method,
                                    sizeof method, 1, 1, &service, NULL));
    refused(self, "require",
            self->services->require(self->host, self->instance, &names[i], 1, 0,
                                    BP_REQUIRE_OPTIONAL, &service, NULL));
  }
  counted(self, "refused", self->heard);
  bp_buf lease = {NULL, 0, 0, 0};
  uint64_t word = 0;
  const bp_buf span = {&word, (uint64_t)BP_MESSAGE_BYTES_MAX + 1, 0, 0};
  const bp_status status =
      open_end(self, text_of("bad.large"), BP_KIND_QUEUE, BP_DIR_SEND, 1, &self->out);
  answered(
      self, "reserve of too much",
      self->channels->reserve(self->host, self->out, (uint64_t)BP_MESSAGE_BYTES_MAX + 1, &lease));
  answered(self, "publish of too much",
           self->channels->publish(self->host, self->out, &span, 1, NULL));
  return status;
}

static void on_woken(struct user* self) {
  (void)self;
}

static void on_message(struct user* self, const bp_event* event) {
  (void)self;
  (void)event;
}

#elif defined(SIN_CLOSES_IN_HAND)
#define WORK 50u

static bp_status begin(struct user* self) {
  bp_status status =
      open_end(self, text_of("bad.work"), BP_KIND_QUEUE, BP_DIR_SEND, work_token, &self->out);
  for (uint64_t i = 0; i < WORK && status == BP_OK; ++i) {
    status = say(self, self->out, i);
  }
  if (status == BP_OK) {
    status =
        open_end(self, text_of("bad.work"), BP_KIND_QUEUE, BP_DIR_RECEIVE, work_token, &self->in);
  }
  return status;
}

/* With a batch of it in hand; what is in hand may still be read, kept and acknowledged. */
static void on_message(struct user* self, const bp_event* event) {
  uint64_t word = 0;
  memcpy(&word, event->buf.data, sizeof word);
  if (word != self->heard++) {
    counted(self, "out of order", word);
  }
  if (event->handle == self->in) {
    self->in = 0;
    answered(self, "close twice",
             self->channels->close(self->host, event->handle) == BP_OK
                 ? self->channels->close(self->host, event->handle)
                 : BP_OK);
    self->core->post(self->host, self->instance, 1);
  }
  if (word % 7 == 3) {
    bp_buf kept = event->buf;
    if (self->channels->retain(self->host, &kept) != BP_OK ||
        self->channels->ack(self->host, &kept) != BP_OK) {
      counted(self, "not kept", word);
    }
  }
  if (self->heard == WORK) {
    counted(self, "heard", self->heard);
  }
}

static void on_woken(struct user* self) {
  open_end(self, text_of("bad.work"), BP_KIND_QUEUE, BP_DIR_RECEIVE, work_token, &self->in);
}
#endif

static bp_status BP_CALL create(const bp_host* host, bp_inst instance, void** self,
                                bp_error* error) {
  struct user* made = calloc(1, sizeof *made);
  (void)error;
  if (made == NULL) {
    return BP_E_NO_MEMORY;
  }
  made->host = host;
  made->core = host->query(host, BP_CORE_ID);
  made->channels = host->query(host, BP_CHAN_ID);
  made->services = host->query(host, BP_SVC_ID);
  made->instance = instance;
  *self = made;
  return BP_OK;
}

static void BP_CALL destroy(void* self) {
  free(self);
}

static void BP_CALL on_events(void* self, const bp_event* first, uint32_t stride, uint32_t count) {
  struct user* user = self;
  for (uint32_t i = 0; i < count; ++i) {
    const bp_event* event = BP_EVENT_AT(first, stride, i);
    if (event->type == BP_EV_MESSAGE) {
      on_message(user, event);
    } else if (event->type == BP_EV_POSTED || event->type == BP_EV_TIMER) {
      on_woken(user);
    } else if (event->type < BP_EV_MESSAGE) {
      const bp_status status = event->type == BP_EV_START ? begin(user) : BP_OK;
      user->core->complete(user->host, event->handle, status, NULL);
    }
  }
}
