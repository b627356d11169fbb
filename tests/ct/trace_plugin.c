/* trace_plugin.c - a plugin for QEMU's TCG: what ran between two addresses, as two hashes, one of all
   program counters, one of all addresses of loads and stores.

       cc -shared -fPIC trace_plugin.c -o trace_plugin.so
       qemu-system-arm ... -plugin ./trace_plugin.so,begin=0x123,end=0x456 -d plugin

   prints "window COUNT PCS ADDRESSES" each time `end` is reached after `begin`. Debian packages no
   qemu-plugin.h, so the few declarations of its interface (version 1) that are needed stand here. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t qemu_plugin_id_t;
typedef uint32_t qemu_plugin_meminfo_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

extern void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t id,
                                                  void (*call)(qemu_plugin_id_t, struct qemu_plugin_tb *));
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
                                                   void (*call)(unsigned, void *), int flags, void *data);
extern void qemu_plugin_register_vcpu_mem_cb(struct qemu_plugin_insn *insn,
                                             void (*call)(unsigned, qemu_plugin_meminfo_t, uint64_t, void *),
                                             int flags, int rw, void *data);
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *block);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *block, size_t i);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *insn);
extern void qemu_plugin_outs(const char *text);

int qemu_plugin_version = 1;

#define READS_AND_WRITES 3

static uint64_t begin, end, count, counters, addresses;
static int      on;

static uint64_t mixed(uint64_t h, uint64_t v)
{
    h = (h ^ v) * UINT64_C(0x9E3779B97F4A7C15);
    return h ^ h >> 31;
}

static void on_access(unsigned cpu, qemu_plugin_meminfo_t info, uint64_t address, void *data)
{
    (void)cpu; (void)info; (void)data;
    if (on) addresses = mixed(addresses, address);
}

static void on_instruction(unsigned cpu, void *data)
{
    uint64_t at = (uint64_t)(uintptr_t)data;
    char line[96];
    (void)cpu;
    if (at == begin) {
        on = 1;
        count = counters = addresses = 0;
    } else if (on && at == end) {
        on = 0;
        snprintf(line, sizeof line, "window %" PRIu64 " %016" PRIx64 " %016" PRIx64 "\n", count, counters,
                 addresses);
        qemu_plugin_outs(line);
    } else if (on) {
        count++;
        counters = mixed(counters, at);
    }
}

static void on_translated(qemu_plugin_id_t id, struct qemu_plugin_tb *block)
{
    size_t i, n = qemu_plugin_tb_n_insns(block);
    (void)id;
    for (i = 0; i < n; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(block, i);
        void *at = (void *)(uintptr_t)qemu_plugin_insn_vaddr(insn);
        qemu_plugin_register_vcpu_insn_exec_cb(insn, on_instruction, 0, at);
        qemu_plugin_register_vcpu_mem_cb(insn, on_access, 0, READS_AND_WRITES, NULL);
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
