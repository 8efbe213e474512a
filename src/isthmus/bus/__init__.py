"""The message backbone: frames, streams, windowed publishing, consumers, last values, uplink.

    server = Server(ServerSettings(folder, tls=authority.server("nats")))   # or an external URL
    await server.start()                                   # then `supervise` in a task of its own
    bus = await Bus.connect(server.url, tls=authority.client("isthmus"))
    await bus.stream(StreamSettings("EDGE", ("uns.>",), max_bytes=8 << 30))
    publisher = await bus.publisher("EDGE")
    ack = await publisher.publish("uns.acme.riverside", frame.encode(batch))
    async for messages in bus.consume("EDGE", position + 1): ...

To end: stop what publishes, `publisher.flush`, stop what reads, `bus.close`, `server.stop`.
"""
