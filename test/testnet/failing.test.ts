/** How a run of a test network fails: clearly, and with all that is needed to see why. */

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { readCapture } from '../../src/capture/index.ts'
import { network } from '../../src/testnet/index.ts'
import { echoes, world } from './world.ts'

async function failure(run: Promise<unknown>): Promise<Error> {
  const error = await run.then(
    () => assert.fail('it did not fail'),
    (reason: unknown) => reason,
  )
  assert.ok(error instanceof Error)
  return error
}

test('the function returns its result, or throws its own error, with a word on the replay', async () => {
  await using net = network({ seed: 12, failures: null })
  assert.equal(await net.run(() => 5), 5)
  assert.equal(await net.run(async () => 'x'), 'x')
  const mine = new RangeError('mine')
  for (const fail of [
    () => Promise.reject(mine),
    () => {
      throw mine
    },
  ]) {
    assert.equal(await failure(net.run(fail)), mine)
  }
  assert.match(
    mine.message,
    /^mine\n\nelko: failed after 0 us of virtual time\.\nelko: replay with ELKO_SEED=12$/,
  )
  assert.match(mine.stack ?? '', /ELKO_SEED=12/)
  assert.match(
    (await failure(net.run(() => Promise.reject('a text')))).message,
    /failed with a text[\s\S]*ELKO_SEED=12/,
  )
})

test('a name of the network that the kernel was asked for: the error says so', async () => {
  const { net } = world()
  const asked = (hostname: string): Promise<Error> =>
    failure(
      net.run(() => {
        throw Object.assign(new Error('getaddrinfo'), { code: 'EAI_AGAIN', hostname })
      }),
    )
  assert.match(
    (await asked('B')).message,
    /'B' is a name of this network, but the kernel was asked[\s\S]*ELKO_SEED=1$/,
  )
  assert.doesNotMatch((await asked('elsewhere')).message, /the kernel/)
  assert.match((await failure(net.run(() => Promise.reject(null)))).message, /failed with null/)
})

test('a deadlock is told at once, with what each socket waits for', async () => {
  const { net, a, b } = world()
  echoes(b)
  const { message, name } = await failure(
    net.run(async () => {
      const socket = a.net.connect(7, 'b')
      await once(socket, 'connect')
      await once(socket, 'data')
    }),
  )
  assert.equal(name, 'Deadlock')
  assert.match(
    message,
    /^deadlock: nothing can happen any more, and the function that was run has not ended\n/,
  )
  assert.match(message, /\n {2}b: listener on port 7 waits for connections\n/)
  assert.match(
    message,
    /\n {2}a: 10\.0\.0\.1:\d+ > 10\.0\.0\.2:7, ESTABLISHED: waits for octets or an end from the other side\n/,
  )
  assert.match(message, /\n\nelko: failed after .* of virtual time\.\nelko: replay with ELKO_SEED=1$/)
})

test('a deadlock without sockets says so, and one with data says who has to read', async () => {
  const alone = network({ failures: null })
  assert.match((await failure(alone.run(() => new Promise(() => {})))).message, /\n {2}no host has a socket/)
  const { net, a, b } = world()
  b.net.createServer({ pauseOnConnect: true }).listen(7)
  const { message } = await failure(
    net.run(async () => {
      const socket = a.net.connect(7, 'b')
      socket.end('hello')
      await once(socket, 'close')
    }),
  )
  assert.match(message, /b: .* CLOSE-WAIT: 5 octets wait for somebody to read them/)
})

test('code that only asks again and again, by setImmediate, is in a deadlock too', async () => {
  await using net = network({ failures: null })
  const isOver = { yes: false }
  const spin = async (): Promise<void> => {
    while (!isOver.yes) await new Promise((resolve) => setImmediate(resolve))
  }
  assert.equal((await failure(net.run(spin))).name, 'Deadlock')
  isOver.yes = true
})

test('time has a limit: a program that waits for ever with a timer running', async () => {
  await using net = network({ limit: '1h', failures: null })
  const { message, name } = await failure(
    net.run(() => {
      setInterval(() => {}, 1000)
      return new Promise(() => {})
    }),
  )
  assert.equal(name, 'TimeLimit')
  assert.match(message, /^the function that was run has not ended within 1 h of virtual time\n/)
})

test('events have a limit: two sides that answer each other for ever', async () => {
  const { net, a, b } = world({ delay: '1ms' }, 1, { maxEvents: 10_000 })
  for (const host of [a, b]) echoes(host)
  const { message } = await failure(
    net.run(async () => {
      const socket = a.net.connect(7, 'b')
      socket.write('ping')
      socket.pipe(socket)
      await once(socket, 'close')
    }),
  )
  assert.match(message, /^network: still busy after 10000 events, at \d+ us\n/)
})

test('what a timer, a call on the timetable or an event throws ends the run', async () => {
  const after = (throws: (error: Error) => void): Promise<Error> => {
    const { net, a, b } = world()
    echoes(b)
    return failure(
      net.run(async () => {
        throws(new Error('thrown'))
        await once(a.net.connect(7, 'b'), 'close')
      }),
    )
  }
  const timer = await after((error) => {
    setTimeout(() => {
      throw error
    }, 5)
  })
  assert.match(timer.message, /^thrown\n/)
  const { net } = world()
  net.at('1s', async () => {
    throw new Error('late')
  })
  assert.match((await failure(net.run(() => sleep(5000)))).message, /^late\n[\s\S]*after 1 s of/)
})

test('one network at a time, and no network within its own run or after its end', async () => {
  const [one, two] = [network({ failures: null }), network({ failures: null })]
  await one.run(async () => {
    assert.match((await failure(two.run(() => {}))).message, /another test network is running/)
    assert.match((await failure(one.run(() => {}))).message, /it is running/)
    assert.throws(() => one.close(), /it is running/)
    await sleep(1)
  })
  await two.run(() => sleep(1))
  one.close()
  one.close()
  assert.match((await failure(one.run(() => {}))).message, /it is closed/)
})

test('a failed run leaves seed, packets and a picture, and says where', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'elko-failures-'))
  try {
    const net = network({ seed: 'a/b', name: 'my test', failures: folder })
    const a = net.host('10.0.0.1', { name: 'a' })
    const b = net.host('10.0.0.2', { name: 'b' })
    net.path(a, b, { delay: '10ms' })
    echoes(b)
    const { message } = await failure(
      net.run(async () => {
        await once(a.net.connect(7, 'b'), 'connect')
        throw new Error('too bad')
      }),
    )
    const [place] = readdirSync(folder)
    assert.equal(place, 'my-test-seed-a-b')
    assert.ok(
      message.includes(`${place} has packets.pcapng and ladder.txt.\nelko: replay with ELKO_SEED=a/b`),
      message,
    )
    const file = (name: string): Buffer => readFileSync(join(folder, place, name))
    assert.equal(file('seed.txt').toString(), 'a/b\n')
    assert.match(
      file('ladder.txt').toString(),
      /^Seed a\/b, failed after 20 ms of virtual time: too bad\n[\s\S]*\[SYN-SENT\]/,
    )
    assert.deepEqual(file('packets.pcapng'), net.pcapng())
    const { packets, interfaces } = readCapture(file('packets.pcapng'))
    assert.deepEqual(
      interfaces.map(({ name }) => name),
      ['a', 'b'],
    )
    // SYN and SYN-ACK leave and arrive, and the ACK leaves.
    assert.equal(packets.length, 5)
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('options that cannot be meant are refused with what they take', () => {
  const { net, a, b } = world()
  assert.throws(
    () => net.path(a, b, { loss: 'often' }),
    /loss: expected a probability such as 3% or 0\.03, not 'often'/,
  )
  assert.throws(() => net.path(a, b, { delayUs: -1 }), /delayUs: expected a number from 0/)
  assert.throws(() => net.host('10.0.0.256'), /host: '10\.0\.0\.256' is no address/)
  assert.throws(() => net.host('10.0.0.9', { name: 'a' }), /a second host 'a'/)
  assert.throws(() => net.host(), /host: expected an address/)
  assert.throws(() => net.at('soon', () => {}), /at: expected a duration such as '500ms', .* not 'soon'/)
  assert.throws(() => network({ start: 'yesterday' }), /start: expected a date, not 'yesterday'/)
  assert.throws(() => net.stripOptions(a, b, ['mms']), /expected the name of a TCP option .* not 'mms'/)
  assert.throws(() => net.nat({ address: 'x', inside: a }), /nat: 'x' is no address/)
})

test('what nobody catches ends the process, with the error explained and the run saved', () => {
  const folder = mkdtempSync(join(tmpdir(), 'elko-failures-'))
  const program = `
    import { network } from '${new URL('../../src/testnet/index.js', import.meta.url)}'
    const net = network({ seed: 7, name: 'uncaught', failures: '${folder}' })
    const a = net.host('10.0.0.1'), b = net.host('10.0.0.2')
    net.path(a, b, { delay: '10ms' })
    await net.run(() => new Promise(() => a.net.connect(7, '10.0.0.2')))`
  try {
    const { status, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      encoding: 'utf8',
    })
    assert.equal(status, 1)
    assert.match(stderr, /ECONNREFUSED[\s\S]*elko: failed after 20 ms of virtual time[\s\S]*ELKO_SEED=7/)
    assert.match(
      readFileSync(join(folder, 'uncaught-seed-7', 'ladder.txt'), 'utf8'),
      /ECONNREFUSED[\s\S]*RST/,
    )
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('where nothing can be saved, the error of the run still comes through', async () => {
  const net = network({ failures: '/dev/null/failures' })
  const { message } = await failure(net.run(() => Promise.reject(new Error('too bad'))))
  assert.match(message, /^too bad\n[\s\S]*nothing could be saved in \/dev\/null\/failures: Error: ENOTDIR/)
})
