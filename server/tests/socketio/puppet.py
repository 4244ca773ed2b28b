"""python-socketio on strings: the same lines as puppet.mjs."""

import json
import os
import sys
import threading

import socketio

url, way, auth = sys.argv[1:4]
ways = {"polling": ["polling"], "websocket": ["websocket"], "upgrade": ["polling", "websocket"]}
lock = threading.Lock()


def say(**line):
    with lock:
        sys.stdout.write(json.dumps(line) + "\n")
        sys.stdout.flush()


client = socketio.Client(reconnection_delay=0.05, reconnection_delay_max=0.2, handle_sigint=False)
client.on("connect", lambda: say(on="connect", args=[]))
client.on("connect_error", lambda *data: say(on="connect_error", args=[message(data)]))
client.on("disconnect", lambda reason: say(on="disconnect", args=[reason]))
client.on("*", lambda event, *args: say(on=event, args=list(args)))


def message(data):
    return data[0].get("message") if data and isinstance(data[0], dict) else str(data)


def connect():
    try:
        client.connect(url, transports=ways[way], auth=json.loads(auth))
        if client.transport() == "websocket" and way == "upgrade":
            say(on="upgraded", args=["websocket"])
    except socketio.exceptions.ConnectionError:
        pass  # said as connect_error


connect()
for line in sys.stdin:
    told = json.loads(line)
    if told.get("drop"):
        # As a network does it: the client is not asked.
        engine = client.eio
        if engine.current_transport == "websocket":
            engine.ws.shutdown()
        else:
            engine.http.close()
            engine.queue.put(None)
    if told.get("close"):
        client.disconnect()
    if told.get("emit"):
        ack = told.get("ack")
        callback = (lambda ack: lambda *args: say(ack=ack, args=list(args)))(ack) if ack else None
        for _ in range(told.get("times", 1)):
            client.emit(told["emit"], tuple(told["args"]), callback=callback)
os._exit(0)
