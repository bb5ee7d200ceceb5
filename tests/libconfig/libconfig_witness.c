/* What the C libconfig makes of many texts: the second witness of the tests.
 *
 * Standard input holds documents one after another, each as a line with its length in bytes and then
 * the bytes.  For each one JSON object goes to standard output, on one line:
 *
 *   {"ok":true,"settings":[[depth,name,type,value,line,file],...]}     all settings, parents first
 *   {"ok":false,"error":"syntax error","line":3,"file":null}
 *   {"crash":true}                                           libconfig ended the process
 *
 * Strings are JSON strings whose characters are bytes (Latin-1).  Each text is read in a process of its
 * own, so that one that ends libconfig costs only itself.  The optional argument is the include directory.
 */

#include <libconfig.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* The answers: not stdout, where libconfig's scanner echoes what it does not know. */
static FILE *out;

static void put_string(const char *s)
{
  if (s == NULL) {
    fputs("null", out);
    return;
  }
  putc('"', out);
  for (; *s; ++s) {
    unsigned char c = (unsigned char)*s;
    if (c < 0x20 || c >= 0x7f || c == '"' || c == '\\')
      fprintf(out, "\\u%04x", c);
    else
      putc(c, out);
  }
  putc('"', out);
}

static void put_value(const config_setting_t *s)
{
  switch (config_setting_type(s)) {
  case CONFIG_TYPE_INT:
    fprintf(out, "\"int\",%d", config_setting_get_int(s));
    break;
  case CONFIG_TYPE_INT64:
    fprintf(out, "\"int64\",%lld", config_setting_get_int64(s));
    break;
  case CONFIG_TYPE_FLOAT:
    /* As text: JSON knows neither infinity nor the seventeenth digit by itself. */
    fprintf(out, "\"float\",\"%.17g\"", config_setting_get_float(s));
    break;
  case CONFIG_TYPE_STRING:
    fputs("\"string\",", out);
    put_string(config_setting_get_string(s));
    break;
  case CONFIG_TYPE_BOOL:
    fprintf(out, "\"bool\",%s", config_setting_get_bool(s) ? "true" : "false");
    break;
  case CONFIG_TYPE_GROUP:
    fputs("\"group\",null", out);
    break;
  case CONFIG_TYPE_ARRAY:
    fputs("\"array\",null", out);
    break;
  case CONFIG_TYPE_LIST:
    fputs("\"list\",null", out);
    break;
  default:
    fputs("\"none\",null", out);
  }
}

/* Depth first without recursion: a text may nest thousands of groups. */
static void put_settings(const config_setting_t *root)
{
  static struct { const config_setting_t *setting; int next; } stack[20000];
  int depth = 0;
  int first = 1;

  stack[0].setting = root;
  stack[0].next = 0;
  while (depth >= 0) {
    const config_setting_t *parent = stack[depth].setting;
    const config_setting_t *s;
    if (!config_setting_is_aggregate(parent) || stack[depth].next >= config_setting_length(parent)) {
      --depth;
      continue;
    }
    s = config_setting_get_elem(parent, (unsigned int)stack[depth].next++);
    fprintf(out, first ? "[%d," : ",[%d,", depth);
    first = 0;
    put_string(config_setting_name(s));
    putc(',', out);
    put_value(s);
    fprintf(out, ",%u,", config_setting_source_line(s));
    put_string(config_setting_source_file(s));
    putc(']', out);
    ++depth;
    stack[depth].setting = s;
    stack[depth].next = 0;
  }
}

static void read_one(const char *text, size_t length, const char *include_dir)
{
  config_t config;
  FILE *stream = length ? fmemopen((void *)text, length, "r") : fopen("/dev/null", "r");

  if (stream == NULL)
    _exit(3);
  config_init(&config);
  if (include_dir)
    config_set_include_dir(&config, include_dir);
  if (config_read(&config, stream)) {
    fputs("{\"ok\":true,\"settings\":[", out);
    put_settings(config_root_setting(&config));
    fputs("]}\n", out);
  } else {
    fputs("{\"ok\":false,\"error\":", out);
    put_string(config_error_text(&config));
    fprintf(out, ",\"line\":%d,\"file\":", config_error_line(&config));
    put_string(config_error_file(&config));
    fputs("}\n", out);
  }
  fflush(out);
}

int main(int argc, char **argv)
{
  const char *include_dir = argc > 1 ? argv[1] : NULL;
  size_t length;

  out = fdopen(dup(STDOUT_FILENO), "w");
  if (out == NULL || freopen("/dev/null", "w", stdout) == NULL)
    return 3;
  while (scanf("%zu", &length) == 1) {
    char *text = malloc(length + 1);
    pid_t child;
    int status = 0;

    if (text == NULL || getchar() != '\n' || fread(text, 1, length, stdin) != length)
      return 3;
    fflush(out);
    child = fork();
    if (child == 0) {
      read_one(text, length, include_dir);
      _exit(0);
    }
    if (child < 0 || waitpid(child, &status, 0) != child)
      return 3;
    if (status != 0)
      fputs("{\"crash\":true}\n", out);
    free(text);
  }
  return 0;
}
