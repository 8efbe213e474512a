"""A bottling line to look at: physics behind real protocol servers, in a process of its own.

`physics` is pure and steps by the second; `history` runs it through a day that has been, `app`
through the present. `signal` lists every tag once: the servers (`opcua`, `modbus`, `sparkplug`,
`logfile`), the plant file and the back-fill all read it. `control` breaks things on demand.
"""
