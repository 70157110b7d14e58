import assert from 'node:assert/strict'
import { closeSync, existsSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { explainError } from '../../src/analyze/outside/error-texts.ts'
import { diagnoseInThreads, openForThreads } from '../../src/cli/diagnose-threads.ts'
import { SOCKET_EXCEPTIONS } from '../../src/sim/scenarios/exceptions.ts'
import { STORIES } from '../analyze/outside-stories.ts'
import { captureOf, Story } from '../analyze/wire-story.ts'
import { snapped } from '../flows/snapped.ts'
import { elko, elkoOfPipe, temporaryFolder } from './elko.ts'

const folder = temporaryFolder()

function file(name: string, story: string): string {
  const path = join(folder, name)
  writeFileSync(path, captureOf(new Story(story)))
  return path
}

test('a healthy capture: one line, and exit code 0; with --all the connection too', () => {
  const path = file('healthy.pcap', STORIES['an end in order']!.story)
  const short = elko(['diagnose', path])
  assert.equal(short.code, 0)
  assert.equal(short.stdout, '10 packets, 1 connection: 1 healthy\n')
  assert.match(elko(['diagnose', '--all', path]).stdout, /healthy: nothing is wrong/)
})

test('a sick one: verdict, evidence, what both see, causes, next; exit code 1', () => {
  const { code, stdout } = elko(['diagnose', file('refused.pcap', STORIES['nothing listens']!.story)])
  assert.equal(code, 1)
  for (const part of [
    /refused: /,
    /frame 2: reset/,
    /java.net.ConnectException: Connection refused/,
    /cause: nothing listens/,
    /next: /,
  ]) {
    assert.match(stdout, part)
  }
})

test('--json is one object with every connection', () => {
  const path = file('both.pcap', STORIES['closed with unread data']!.story)
  const { stdout } = elko(['diagnose', '--json', path])
  const report = JSON.parse(stdout)
  assert.equal(report.file, path)
  assert.equal(report.packets, 7)
  assert.equal(report.connections[0].verdict, 'unread-data')
  assert.deepEqual(report.connections[0].sees.client.node, { code: 'ECONNRESET', message: 'read ECONNRESET' })
})

test('lines stay whole for programs and are wrapped at a width', () => {
  const path = file('refused.pcap', STORIES['nothing listens']!.story)
  const words = (text: string): string[] => text.split(/\s+/)
  const whole = elko(['diagnose', path]).stdout
  assert.ok(Math.max(...whole.split('\n').map(({ length }) => length)) > 80)
  const narrow = elko(['diagnose', '--width', '60', path]).stdout
  assert.ok(Math.max(...narrow.split('\n').map(({ length }) => length)) <= 60)
  assert.deepEqual(words(narrow), words(whole))
  assert.equal(elko(['diagnose', '--width', '5', path]).code, 2)
})

const LISTING = resolve('../shared/seeds/004_d294f38573db2c9c.txt')

test('a listing of tcpdump within other text is diagnosed as any capture', {
  skip: !existsSync(LISTING) && `${LISTING} is not here`,
}, () => {
  const { code, stdout, stderr } = elko(['diagnose', '--all', LISTING])
  assert.equal(code, 0)
  for (const part of [
    /^stream 0: 191\.131\.141\.10:35752 > 192\.0\.2\.1:6802$/m,
    /^ {2}healthy: nothing is wrong$/m,
    /^ {2}states: .*client in ESTABLISHED and the server in ESTABLISHED; the connection began before the capture$/m,
    /^ {2}think-time: 6 answers of the server, the slowest after 522 ms$/m,
    /^34 packets, 1 connection: 1 healthy$/m,
  ])
    assert.match(stdout, part)
  assert.match(stderr, /"java2depth" stands without an address/)
})

test('no file, and one that cannot be read', () => {
  assert.equal(elko(['diagnose']).code, 2)
  assert.equal(elko(['diagnose', join(folder, 'nowhere.pcap')]).code, 3)
})

test('two captures: a reset that only one of them has was made in between', () => {
  const story = STORIES['a firewall forgot the connection']!.story
  const atServer = story
    .split('\n')
    .filter((line) => !line.includes('bare') && !line.includes('300 c'))
    .join('\n')
  const { code, stdout } = elko(['diagnose', file('c.pcap', story), file('s.pcap', atServer)])
  assert.equal(code, 1)
  assert.match(stdout, /state-lost: something between the two captures made the reset of frame 9/)
  assert.match(stdout, /lost on the way to the server: 1 packet \(frame 8 at the client\)/)
  assert.match(stdout, /made on the way to the client: frame 9 at the client/)
})

test('two captures: what a capture holds too little of to be read is not said to be lost, or made on the way', () => {
  const whole = file('whole.pcap', STORIES['an end in order']!.story)
  // Raw IPv4: its header, and TCP's without the window.
  const cut = join(folder, 'cut.pcapng')
  writeFileSync(
    cut,
    snapped(readFileSync(whole), () => 34),
  )
  for (const files of [
    [whole, cut],
    [cut, whole],
  ]) {
    const { code, stdout } = elko(['diagnose', ...files])
    assert.equal(code, 0)
    assert.match(
      stdout,
      /note: .*cut\.pcapng: cut-headers: \d+ TCP packets .* a snap length of 80 has all headers/,
    )
    assert.doesNotMatch(stdout, /on the way/)
  }
})

test('two captures: one that ends within a packet is compared as far as it goes', () => {
  const whole = file('all.pcap', STORIES['an end in order']!.story)
  const cut = join(folder, 'early.pcap')
  const octets = readFileSync(whole)
  writeFileSync(cut, octets.subarray(0, octets.length - 5))
  const { code, stdout, stderr } = elko(['diagnose', whole, cut])
  assert.equal(code, 3)
  assert.match(stdout, /in both: stream 0/)
  assert.match(stderr, /early\.pcap: at octet \d+: expected \d+ octets of packet/)
})

test('--error explains both generations of texts', () => {
  assert.match(
    elko(['diagnose', '--error', 'java.net.BindException: Address already in use: JVM_Bind']).stdout,
    /EADDRINUSE/,
  )
  assert.match(elko(['diagnose', '--error', 'write EPIPE']).stdout, /broken-pipe: /)
  assert.equal(elko(['diagnose', '--error', 'NullPointerException']).code, 2)
})

test('each of the thirteen exceptions of the seed has a meaning', () => {
  for (const { text } of SOCKET_EXCEPTIONS) assert.notEqual(explainError(text), null, text)
})

const told = (args: readonly string[]): unknown => {
  const { code, stdout, stderr } = elko(['diagnose', ...args])
  return { code, stdout, stderr }
}

test('--threads N: the same report, errors and exit codes as of one thread', () => {
  const stories = Object.values(STORIES).map(
    ({ story }, k) => new Story(story, { clientPort: 41_000 + k, isn: 1000 * k }),
  )
  const capture = captureOf(...stories)
  const path = join(folder, 'many.pcap')
  writeFileSync(path, capture)
  const cut = join(folder, 'cut.pcap')
  writeFileSync(cut, capture.subarray(0, capture.length - 5))
  const none = join(folder, 'none.pcap')
  writeFileSync(none, capture.subarray(0, 24))
  const other = join(folder, 'other.txt')
  writeFileSync(other, 'neither packets nor lines of them\n')
  const forms = [['--json'], [], ['--all', '--width', '70']]
  for (const file of [path, cut, none, other]) {
    for (const form of file === path ? forms : [['--json']])
      assert.deepEqual(told([...form, '--threads', '3', file]), told([...form, '--threads', '1', file]), file)
  }
  assert.equal(elko(['diagnose', '--threads', '2', cut]).code, 3)
})

test('--threads N for what cannot be shared is a mistake; without it nobody is troubled', () => {
  const path = file('one.pcap', STORIES['nothing listens']!.story)
  for (const args of [
    ['--threads', '2', '-'],
    ['--threads', '0', path],
    ['--threads', '2', path, path],
    ['--threads', '2', folder],
  ]) {
    const { code, stderr } = elko(['diagnose', ...args])
    assert.equal(code, 2, stderr)
    assert.match(stderr, /--threads: expected /)
  }
  assert.equal(elko(['diagnose', '--threads', '2', join(folder, 'nowhere.pcap')]).code, 3)
})

test('a pipe that has a name, as <(program) makes one, is read once and to its end', () => {
  const path = file('piped.pcap', STORIES['nothing listens']!.story)
  assert.deepEqual(elkoOfPipe(['diagnose'], path, join(folder, 'pipe')), told([path]))
  // It is not even opened: that alone would tell whoever writes into it that somebody reads.
  assert.throws(() => openForThreads('/dev/null', 2), /--threads: expected a plain file/)
})

test('threads are for large captures of records, by the cores that there are', () => {
  const small = file('small.pcap', STORIES['nothing listens']!.story)
  const large = join(folder, 'large.pcap')
  writeFileSync(large, captureOf())
  truncateSync(large, 30_000_000)
  const listing = join(folder, 'large.txt')
  writeFileSync(listing, '10:00:00.000000 IP 10.0.0.1.1 > 10.0.0.2.2: Flags [S], seq 1, win 1, length 0\n')
  truncateSync(listing, 30_000_000)
  const threads = (path: string, cores: number): number => {
    const shared = openForThreads(path, undefined, cores)
    if (shared !== null) closeSync(shared.file)
    return shared?.threads ?? 1
  }
  assert.deepEqual(
    [threads(small, 8), threads(large, 1), threads(large, 2), threads(large, 64), threads(listing, 8)],
    [1, 1, 2, 4, 1],
  )
})

test('a thread that fails ends the command with its error, and the others with it', async () => {
  const path = file('shared.pcap', STORIES['nothing listens']!.story)
  const form = { path, isJson: true, showsAll: false, width: Number.POSITIVE_INFINITY }
  const programs: [program: string, error: RegExp][] = [
    [
      'if (workerData.shard.index === 1) throw new Error("broken on purpose"); parentPort.on("message", () => {})',
      /^broken on purpose$/,
    ],
    [
      'if (workerData.shard.index === 1) process.exit(4); parentPort.on("message", () => {})',
      /ended early, with exit code 4/,
    ],
  ]
  for (const [program, error] of programs) {
    const script = new URL(
      `data:text/javascript,import { parentPort, workerData } from "node:worker_threads"; ${program}`,
    )
    const shared = openForThreads(path, 3)!
    await assert.rejects(diagnoseInThreads(form, shared, script), ({ message }: Error) => error.test(message))
    closeSync(shared.file)
  }
})
