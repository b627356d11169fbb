/* insn_count.c - a plugin for QEMU's TCG: how many instructions ran between two addresses, exactly.

       cc -shared -fPIC insn_count.c -o insn_count.so
       qemu-system-arm ... -plugin ./insn_count.so,begin=0x123,end=0x456 -d plugin

   prints "window N: COUNT" each time `end` is reached after `begin`. Debian packages no qemu-plugin.h, so the
   few declarations of its interface (version 1) that are needed stand here. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                                  void (*call)(qemu_plugin_id_t, struct qemu_plugin_tb *));
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                                   void (*call)(unsigned, void *), int flags, void *data);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t i);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
extern void qemu_plugin_outs(const char *text);

int qemu_plugin_version = 1;

static uint64_t begin, end, count;
static unsigned windows;

static void on_begin(unsigned cpu, void *data) { (void)cpu; (void)data;  count = 0; }
static void on_any(unsigned cpu, void *data)   { (void)cpu; (void)data;  count++; }

static void on_end(unsigned cpu, void *data)
{
    char line[64];
    (void)cpu; (void)data;
    snprintf(line, sizeof line, "window %u: %" PRIu64 "\n", ++windows, count);
    qemu_plugin_outs(line);
}

static void on_translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    size_t i, n = qemu_plugin_tb_n_insns(block);
    (void)id;
    for (i = 0; i < n; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
        uint64_t at = qemu_plugin_insn_vaddr(insn);
        void (*call)(unsigned, void *) = at == begin ? on_begin : at == end ? on_end : on_any;
        qemu_plugin_register_vcpu_insn_exec_cb(insn, call, 0, NULL);
    }
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv)
{
    int i;
    (void)info;
    for (i = 0; i < argc; i++) {
        if (strncmp(argv[i], "begin=", 6) == 0) begin = strtoull(argv[i] + 6, NULL, 0) & ~UINT64_C(1);
        if (strncmp(argv[i], "end=", 4) == 0)   end = strtoull(argv[i] + 4, NULL, 0) & ~UINT64_C(1);
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translated);
    return 0;
}
