/* A Modbus TCP server on libmodbus, as a second implementation for tests and benchmarks.
 *
 *   peer PORT SECONDS     prints "ready", serves 127.0.0.1:PORT, ends after SECONDS
 *
 * Holding register i holds i, input register i holds 65535 - i, both for i below 10000; coil i is
 * on where i is divisible by 3, discrete input i where i is odd, both for i below 2000. What is
 * beyond is refused with ILLEGAL DATA ADDRESS by the library itself. All can be written where
 * Modbus allows it.
 */
#include <errno.h>
#include <modbus/modbus.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/select.h>
#include <time.h>
#include <unistd.h>

enum { REGISTERS = 10000, BITS = 2000 };

static modbus_mapping_t *fill(void) {
    modbus_mapping_t *map = modbus_mapping_new(BITS, BITS, REGISTERS, REGISTERS);
    if (map == NULL) {
        return NULL;
    }
    for (int i = 0; i < REGISTERS; i++) {
        map->tab_registers[i] = (uint16_t) i;
        map->tab_input_registers[i] = (uint16_t) (65535 - i);
    }
    for (int i = 0; i < BITS; i++) {
        map->tab_bits[i] = i % 3 == 0;
        map->tab_input_bits[i] = i % 2;
    }
    return map;
}

/* Answers one query of the connection `fd`; 0 when it is over. */
static int answer(modbus_t *context, int fd, modbus_mapping_t *map) {
    uint8_t query[MODBUS_TCP_MAX_ADU_LENGTH];
    modbus_set_socket(context, fd);
    int size = modbus_receive(context, query);
    if (size < 0) {
        return 0;
    }
    return size == 0 || modbus_reply(context, query, size, map) >= 0;
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: peer PORT SECONDS\n");
        return 2;
    }
    time_t end = time(NULL) + atoi(argv[2]);
    modbus_t *context = modbus_new_tcp("127.0.0.1", atoi(argv[1]));
    modbus_mapping_t *map = fill();
    int listener = context == NULL || map == NULL ? -1 : modbus_tcp_listen(context, 16);
    if (listener < 0) {
        fprintf(stderr, "peer: listening on port %s: %s\n", argv[1], modbus_strerror(errno));
        return 1;
    }
    printf("ready\n");
    fflush(stdout);
    fd_set open;
    FD_ZERO(&open);
    FD_SET(listener, &open);
    int highest = listener;
    while (time(NULL) < end) {
        fd_set ready = open;
        struct timeval patience = {.tv_sec = 1};
        if (select(highest + 1, &ready, NULL, NULL, &patience) <= 0) {
            continue;
        }
        for (int fd = 0; fd <= highest; fd++) {
            if (!FD_ISSET(fd, &ready)) {
                continue;
            }
            if (fd == listener) {
                int found = modbus_tcp_accept(context, &listener);
                if (found >= 0 && found < FD_SETSIZE) {
                    FD_SET(found, &open);
                    highest = found > highest ? found : highest;
                }
            } else if (!answer(context, fd, map)) {
                FD_CLR(fd, &open);
                close(fd);
            }
        }
    }
    modbus_mapping_free(map);
    modbus_free(context);
    return 0;
}
