import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Path } from '../../src/tcp/path.ts'
import { parseAddress } from '../../src/wire/address.ts'

test('the two sockets of a connection as addresses and as text', () => {
  for (const [local, remote, localText, remoteText] of [
    ['10.0.0.1', '192.0.2.7', '10.0.0.1:1000', '192.0.2.7:80'],
    ['2001:db8:1:2:3:4:5:6', 'fd00::7', '[2001:db8:1:2:3:4:5:6]:1000', '[fd00::7]:80'],
  ] as const) {
    const path = new Path()
    path.setSockets(parseAddress(local)!, 1000, parseAddress(remote)!, 80)
    assert.deepEqual(path.localAddress, parseAddress(local))
    assert.deepEqual(path.remoteAddress, parseAddress(remote))
    assert.deepEqual([path.localText, path.remoteText], [localText, remoteText])
  }
})
