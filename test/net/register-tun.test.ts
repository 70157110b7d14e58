/** elko/register with a TUN device: a program that knows nothing of it speaks with this machine's kernel, both ways. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { PLAIN } from '../environment.ts'
import { requirements, withNamespace } from '../kernel/netns.ts'

const REGISTER = new URL('../../src/net/register.js', import.meta.url).href

/** The kernel's side, in a process of its own; Elko's in a child of it, as a device's network is that of the namespace. */
const PROGRAM = `
  import { spawn } from 'node:child_process'
  import { once } from 'node:events'
  import http from 'node:http'
  const get = async (url) => {
    const [response] = await once(http.get(url, { agent: false }), 'response')
    let text = ''
    for await (const chunk of response) text += chunk
    return text
  }
  if (process.argv[1] === 'elko') {
    const server = http.createServer((request, response) => response.end('Elko saw ' + request.socket.remoteAddress))
    server.listen(8080, '10.79.0.2')
    await once(server, 'listening')
    const asked = once(server, 'request')
    console.log(await get('http://10.79.0.1:9000/'))
    await asked
    server.close()
  } else {
    const server = http.createServer((request, response) => {
      response.end('the kernel saw ' + request.socket.remoteAddress)
      response.on('close', async () => {
        console.log(await get('http://10.79.0.2:8080/'))
        server.close()
      })
    })
    server.listen(9000, '0.0.0.0')
    const env = { ...process.env, ELKO_TUN: 'elko79', ELKO_ADDRESS: '10.79.0.2/24', ELKO_IMPAIR: 'delay=2ms' }
    const args = ['--import', ${JSON.stringify(REGISTER)}, '--input-type=module', '--eval', process.env.PROGRAM, 'elko']
    const child = spawn(process.execPath, args, { env, stdio: 'inherit' })
    console.log('exit', ...(await once(child, 'exit')))
  }`

test('ELKO_TUN: http both ways over a device, and both programs end', { skip: requirements() }, async () => {
  await withNamespace(async (ns) => {
    const { code, stdout, stderr } = await ns.run(
      process.execPath,
      ['--input-type=module', '--eval', PROGRAM],
      { mayFail: true, env: { ...PLAIN, PROGRAM } },
    )
    assert.equal(stderr, '')
    assert.equal(code, 0)
    assert.deepEqual(stdout.trim().split('\n').sort(), [
      'Elko saw 10.79.0.1',
      'exit 0 null',
      'the kernel saw 10.79.0.2',
    ])
  })
})

/** As before; Elko's program ends in the middle of things. */
const EXITS = `
  import { spawn } from 'node:child_process'
  import { once } from 'node:events'
  import net from 'node:net'
  if (process.argv[1] === 'elko') {
    const open = net.connect(9000, '10.79.0.1')
    const ends = net.connect(9000, '10.79.0.1')
    await Promise.all([once(open, 'connect'), once(ends, 'connect')])
    open.write('first')
    ends.end('second')
    process.exit(4)
  } else {
    const heard = []
    const server = net.createServer((socket) => {
      let text = ''
      socket.on('data', (data) => (text += data)).on('error', ({ code }) => heard.push(code))
      socket.on('end', () => {
        heard.push(text)
        if (heard.length === 2) server.close(() => console.log(heard.sort().join(' ')))
      })
    }).listen(9000, '0.0.0.0')
    const env = { ...process.env, ELKO_TUN: 'elko79', ELKO_ADDRESS: '10.79.0.2/24' }
    const args = ['--import', ${JSON.stringify(REGISTER)}, '--input-type=module', '--eval', process.env.PROGRAM, 'elko']
    const child = spawn(process.execPath, args, { env, stdio: 'inherit' })
    console.log('exit', ...(await once(child, 'exit')))
  }`

test('process.exit: what was written and FIN go, as of a kernel’s socket', {
  skip: requirements(),
}, async () => {
  await withNamespace(async (ns) => {
    const env = { ...PLAIN, PROGRAM: EXITS }
    const { code, stdout, stderr } = await ns.run(
      process.execPath,
      ['--input-type=module', '--eval', EXITS],
      {
        mayFail: true,
        env,
      },
    )
    assert.deepEqual([code, stderr], [0, ''])
    assert.deepEqual(stdout.trim().split('\n').sort(), ['exit 4 null', 'first second'])
  })
})
