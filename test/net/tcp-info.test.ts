/** socket.tcpInfo(): Linux's names and units, of a connection while there is one. */

import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { noLink } from '../../src/link/no-link.ts'
import { createNet } from '../../src/net/create-net.ts'
import { localHost } from '../../src/net/default-host.ts'
import type { Socket } from '../../src/net/socket.ts'

test('null before connect and after the end; between them the state by its number in Linux', async () => {
  const net = createNet(localHost(noLink()))
  const server = net.createServer({ allowHalfOpen: true })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo

  const client = new net.Socket()
  assert.equal(client.tcpInfo(), null)
  client.connect(port, '127.0.0.1')
  const [[accepted]] = (await Promise.all([once(server, 'connection'), once(client, 'connect')])) as [
    [Socket],
    unknown,
  ]
  assert.equal(client.tcpInfo()?.state, 1)
  assert.equal(accepted.tcpInfo()?.state, 1)
  client.end()
  accepted.resume()
  await once(accepted, 'end')
  assert.equal(accepted.tcpInfo()?.state, 8, 'CLOSE-WAIT')
  accepted.destroy()
  assert.equal(accepted.tcpInfo(), null)
  client.destroy()
  server.close()
})

test('counts and windows', async () => {
  const net = createNet(localHost(noLink()))
  const server = net.createServer((socket) => socket.pipe(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const client = net.connect((server.address() as AddressInfo).port, '127.0.0.1')
  let octets = 0
  client.write(Buffer.alloc(100_000))
  for await (const chunk of client) {
    octets += (chunk as Buffer).length
    if (octets < 100_000) continue
    const info = client.tcpInfo()!
    assert.equal(info.bytes_received, 100_000)
    assert.equal(info.bytes_sent, 100_000)
    assert.equal(info.unacked, 0)
    assert.equal(info.notsent_bytes, 0)
    assert.equal(info.total_retrans, 0)
    assert.ok(info.snd_cwnd >= 1 && info.snd_mss > 500 && info.snd_wnd > 0 && info.rto >= 1000)
    assert.ok(info.data_segs_out > 0 && info.segs_out >= info.data_segs_out)
    for (const [name, value] of Object.entries(info)) {
      assert.ok(Number.isInteger(value) && value >= 0, `${name} is ${value}`)
    }
    break
  }
  server.close()
})
