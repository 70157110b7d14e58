/**
 * PostgreSQL and Redis, the real ones, for as long as an example needs them: on a temporary folder, on a free port of
 * 127.0.0.1, with a password, as a user without rights. Nothing of an installed service is touched. An example that finds
 * no such program ends with exit code 77.
 */

import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

const EXIT_NOT_INSTALLED = 77
const READY_WITHIN_MS = 300_000
const MOST_TRIES = 5

/** A PostgreSQL server with one user, `elko`, and one database, `postgres`. */
export async function startPostgres() {
  const versions = existsSync('/usr/lib/postgresql') ? readdirSync('/usr/lib/postgresql') : []
  const folders = versions.map((version) => `/usr/lib/postgresql/${version}/bin`)
  const postgres = programOf('postgres', 'postgresql', folders)
  const initdb = programOf('initdb', 'postgresql', folders)
  const server = newServer()
  const passwordFile = join(server.folder, 'password')
  writeFileSync(passwordFile, server.password)
  server.give(passwordFile)
  const data = join(server.folder, 'data')
  const settings = ['--username=elko', `--pwfile=${passwordFile}`, '--auth=scram-sha-256']
  const plain = ['--encoding=UTF8', '--locale=C', '--no-sync']
  execFileSync(initdb, ['-D', data, ...settings, ...plain], { stdio: 'pipe', ...server.user })
  const port = await server.startOnFreePort(
    postgres,
    (own) => ['-D', data, '-h', '127.0.0.1', '-p', own, '-k', server.folder, '-c', 'fsync=off'],
    /ready to accept connections/,
  )
  return {
    port,
    user: 'elko',
    password: server.password,
    database: 'postgres',
    stop: () => server.stop('SIGINT'),
  }
}

/** A Redis server that keeps nothing on disk. */
export async function startRedis() {
  const redis = programOf('redis-server', 'redis-server', [])
  const server = newServer()
  const how = ['--requirepass', server.password, '--save', '', '--appendonly', 'no']
  const port = await server.startOnFreePort(
    redis,
    (own) => ['--bind', '127.0.0.1', '--port', own, '--dir', server.folder, ...how],
    /ready to accept connections/i,
  )
  return { port, password: server.password, stop: () => server.stop('SIGTERM') }
}

/** The program's path: of the search path, or of one of the folders. */
function programOf(name, debianPackage, folders) {
  const places = [...(process.env.PATH ?? '').split(delimiter), ...folders]
  const found = places.map((place) => join(place, name)).find((path) => existsSync(path))
  if (found !== undefined) return found
  console.error(`Not installed: ${name} (on Debian: apt-get install ${debianPackage})`)
  return process.exit(EXIT_NOT_INSTALLED)
}

function newServer() {
  const folder = mkdtempSync(join(tmpdir(), 'elko-example-'))
  // PostgreSQL refuses to run as root.
  const nobody = { uid: idOf('nobody', '-u'), gid: idOf('nobody', '-g') }
  const user = process.getuid?.() === 0 ? nobody : {}
  const give = (path) => user.uid !== undefined && chownSync(path, user.uid, user.gid)
  give(folder)
  const password = randomBytes(16).toString('hex')
  let child = null

  // Whatever becomes of this process, no server and no folder stays behind.
  const cleanUp = () => {
    child?.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', cleanUp)

  async function start(program, args, ready) {
    child = spawn(program, args, { cwd: folder, stdio: ['ignore', 'pipe', 'pipe'], ...user })
    let printed = ''
    await new Promise((resolve, reject) => {
      const give = (what) => reject(new Error(`${program} ${what}:\n${printed}`))
      const timer = setTimeout(() => give('did not become ready'), READY_WITHIN_MS)
      const hear = (chunk) => {
        printed += chunk
        if (!ready.test(printed)) return
        clearTimeout(timer)
        resolve()
      }
      child.stdout.on('data', hear)
      child.stderr.on('data', hear)
      child.once('error', reject)
      child.once('exit', (code) => give(`ended with ${code}`))
    })
  }

  /** Somebody else may take a port between the moment when it was free and this server's start: then another one. */
  async function startOnFreePort(program, argsOf, ready) {
    for (let tries = 1; ; tries++) {
      const port = await freePort()
      try {
        await start(program, argsOf(String(port)), ready)
        return port
      } catch (error) {
        if (tries === MOST_TRIES || !/in use/i.test(error.message)) throw error
      }
    }
  }

  async function stop(signal) {
    if (child.exitCode === null && child.signalCode === null) {
      child.kill(signal)
      await once(child, 'exit')
    }
    process.off('exit', cleanUp)
    rmSync(folder, { recursive: true, force: true })
  }

  return { folder, password, user, give, startOnFreePort, stop }
}

const idOf = (user, what) => Number(execFileSync('id', [what, user], { encoding: 'utf8' }))

/** A port that was free a moment ago. */
async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address()
  server.close()
  await once(server, 'close')
  return port
}
