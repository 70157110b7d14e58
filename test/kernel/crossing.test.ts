/** What only two peers can do together: open at the same moment, and speak of urgent octets. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { test } from 'node:test'
import type { Net } from '../../src/net/create-net.ts'
import type { TraceEvent } from '../../src/trace/events.ts'
import { Recorder } from '../../src/trace/recorder.ts'
import { statePaths, statePathText } from '../../src/trace/state-path.ts'
import { decodeIp } from '../../src/wire/ip.ts'
import { IpHeader } from '../../src/wire/ip-header.ts'
import { ACK, Segment, SYN } from '../../src/wire/segment.ts'
import { decodeTcp } from '../../src/wire/tcp.ts'
import { countPackets } from './harness.ts'
import { requirements } from './netns.ts'
import {
  accepted,
  assertClean,
  captureAll,
  connect,
  connected,
  FAMILIES,
  type PeerSocket,
  untilListening,
  untilPrinted,
  WRONG_CHECKSUM,
  wasTooLate,
  withPeers,
} from './peer.ts'

const skip = { skip: requirements('socat', 'perl', 'tcpdump', 'tshark', 'nstat', 'ss'), timeout: 300_000 }

/** The flags of a TCP segment in an IP packet. */
function flagsOf(bytes: Uint8Array, offset: number, length: number): number {
  const ip = new IpHeader()
  const segment = new Segment()
  assert.equal(decodeIp(bytes, offset, length, ip), 'ok')
  return decodeTcp(bytes, ip, segment, false) === 'ok' ? segment.flags : 0
}

for (const family of FAMILIES) {
  const { name } = family

  test(`${name}: MUST-10: both open at once: the SYNs cross, and it is one connection`, skip, async () => {
    let net: Net | null = null
    let stream: PeerSocket | null = null
    const open = (): void => {
      stream = connect(net!, family, 7001, { localPort: 7000 })
    }
    // The kernel's SYN is held on its way until Elko's has left, and so is what follows, in its order.
    const fate = (_packet: number, bytes: Uint8Array, offset: number, length: number) => {
      if ((flagsOf(bytes, offset, length) & SYN) === 0) return 'pass'
      if (stream === null) open()
      return 'reorder'
    }
    const recorder = new Recorder()
    const impair = { fromLink: { fate, reorderByUs: 50_000 } }
    await withPeers({ impair, trace: recorder }, async (peers) => {
      net = peers.net
      const capture = await captureAll(peers.ns, peers.tun)
      const address = `${family.socat}:${family.elkoHost}:7000,sourceport=7001`
      const socat = peers.ns.run('socat', ['-t120', '-', address], { input: 'from the kernel' })
      while (stream === null) await new Promise((resolve) => setTimeout(resolve, 5))
      const ours = stream as PeerSocket
      const data = once(ours, 'data')
      await once(ours, 'connect')
      assert.equal(String((await data)[0]), 'from the kernel')
      // The kernel's SYN,ACK is the last to come, and would meet nobody but TIME-WAIT.
      const isAnswer = (event: TraceEvent): boolean =>
        event.kind === 'received' && (event.segment.flags & (SYN | ACK)) === (SYN | ACK)
      while (!recorder.events.some(isAnswer)) await new Promise((resolve) => setTimeout(resolve, 5))
      const [path] = statePaths(recorder.events)
      assert.match(statePathText(path!), /^CLOSED -> SYN-SENT -> SYN-RECEIVED -> ESTABLISHED\b/)
      ours.end('from Elko')
      assert.equal((await socat).stdout, 'from Elko')
      await capture.stop()
      const syns = 'tcp.flags.syn == 1 and tcp.flags.ack == 0'
      assert.equal(await countPackets(capture.file, `${syns} and tcp.srcport == 7000`), 1)
      const kernelSyns = await countPackets(capture.file, `${syns} and tcp.srcport == 7001`)
      assert.ok(kernelSyns === 1 || (kernelSyns > 1 && wasTooLate(peers.ns)), `${kernelSyns} SYNs`)
      // Elko's own SYN,ACK is left out where both of the kernel's segments come to it at once.
      const answers = 'tcp.flags.syn == 1 and tcp.flags.ack == 1'
      assert.ok((await countPackets(capture.file, `${answers} and tcp.srcport == 7001`)) >= 1)
      assert.equal(await countPackets(capture.file, 'tcp.flags.reset == 1'), 0)
      assert.equal(await countPackets(capture.file, WRONG_CHECKSUM), 0)
      assert.equal((await peers.ns.nstat()).TcpInCsumErrors, 0)
    })
  })

  test(`${name}: MUST-31: the kernel reads Elko's urgent octet out of band`, skip, () =>
    withPeers({}, async ({ ns, tun, host, net }) => {
      const server = ns.spawn('perl', ['-MIO::Socket::IP', '-MSocket', '-e', READS_URGENT])
      const said = untilPrinted(server, /urgent .*\n/)
      await untilListening(ns, 7000)
      const capture = await captureAll(ns, tun)
      const stream = await connected(net, family, 7000)
      stream.write('plain')
      host.sync()
      assert.equal(stream.connection.send(Buffer.from('!'), 0, 1, { urgent: true }), 1)
      assert.match(await said, /urgent !/)
      stream.end()
      stream.resume()
      await once(stream, 'end')
      await assertClean(ns, capture)
      assert.ok((await countPackets(capture.file, 'tcp.flags.urg == 1')) > 0)
    }),
  )

  test(`${name}: MUST-32: Elko hears of the kernel's urgent octet, and where it ends`, skip, () =>
    withPeers({}, async ({ ns, tun, host, net }) => {
      const capture = await captureAll(ns, tun)
      const waiting = accepted(net, 7000, { pauseOnConnect: true })
      const client = ns.run('perl', ['-MIO::Socket::IP', '-MSocket', '-e', SENDS_URGENT, family.elko])
      const { connection } = await waiting
      while (connection.urgentOctets === 0 || connection.readable < 6) {
        await new Promise((resolve) => setTimeout(resolve, 5))
      }
      // RFC 6093: the urgent octet is the last one before the pointer.
      const buffer = Buffer.alloc(100)
      host.sync()
      assert.equal(connection.urgentOctets, 6)
      assert.equal(connection.receive(buffer), 6)
      assert.equal(buffer.toString('latin1', 0, 6), 'plain!')
      assert.equal(connection.urgentOctets, 0)
      connection.close()
      await client
      await assertClean(ns, capture)
    }),
  )
}

/** Prints the octet that comes out of band, then reads to the end and closes. */
const READS_URGENT = `
  $| = 1;
  my $server = IO::Socket::IP->new(LocalHost => '::', LocalPort => 7000, Listen => 1, V6Only => 0) or die $@;
  my $socket = $server->accept;
  for (1 .. 12000) {
    my $octet;
    if (defined recv($socket, $octet, 1, MSG_OOB) && length $octet) { print "urgent $octet\\n"; last }
    select undef, undef, undef, 0.01;
  }
  1 while sysread $socket, my $rest, 4096;
  close $socket;`

/** Sends five octets and an urgent one, and waits for the end. */
const SENDS_URGENT = `
  my $socket = IO::Socket::IP->new(PeerHost => $ARGV[0], PeerPort => 7000) or die $@;
  send $socket, 'plain', 0;
  send $socket, '!', MSG_OOB;
  1 while sysread $socket, my $rest, 4096;
  close $socket;`
