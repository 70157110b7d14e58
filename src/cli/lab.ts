/** `elko lab`: the lab's page, on loopback or as a file. */

import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { labPageFile } from '../lab/page-file.ts'
import { EXIT_FINE, InputError, readArguments, UsageError, wholeNumber } from './arguments.ts'
import { builtPage } from './built-page.ts'
import { openInBrowser } from './open-browser.ts'
import { print, saveFile } from './output.ts'

const HOST = '127.0.0.1'

export const HELP = `Usage: elko lab [options]

Serves the lab on this machine until it is interrupted: a page in which two
hosts talk over a path, with Elko's own TCP in the browser. Run it, step it,
go back in it, drop or delay any packet, forge one, compare two runs; every
scenario of elko sim is a lesson, and captures and packetdrill scripts can be
dropped on it. The page needs no network.

Options:
  --port N         the port on 127.0.0.1, 1 to 65535 (default: a free one)
  --open           open it in the browser
  --export FILE    save the page as one HTML file instead, which works offline

Examples:
  elko lab
  elko lab --port 8080 --open
  elko lab --export lab.html
`

export async function run(argv: string[]): Promise<number> {
  const options = { port: { type: 'string' }, open: { type: 'boolean' }, export: { type: 'string' } } as const
  const { values } = readArguments(argv, options, 0)
  const port = wholeNumber('--port', values.port, 1, 65_535)
  const page = labPageFile({ script: builtPage('lab.js'), style: builtPage('lab.css') })
  if (values.export !== undefined) {
    if (port !== undefined || values.open === true)
      throw new UsageError('--export saves a file and serves nothing: without --port and --open')
    const octets = new TextEncoder().encode(page)
    saveFile(values.export, octets)
    print(
      `Saved the lab to ${values.export}: ${Math.ceil(octets.length / 1000)} kB, for any browser, without a network.`,
    )
    return EXIT_FINE
  }
  return serveLab(page, port ?? 0, values.open === true)
}

/** Until SIGINT or SIGTERM. */
async function serveLab(page: string, port: number, opens: boolean): Promise<number> {
  const server = createServer((request, response) => answer(page, request, response))
  await listening(server, port)
  const url = `http://${HOST}:${(server.address() as AddressInfo).port}/`
  // Who reads that it can be ended may do so at once.
  const interruption = interrupted()
  print(`The lab is at ${url} (Ctrl+C ends it)`)
  if (opens) openInBrowser(url)
  await interruption
  server.closeAllConnections()
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return EXIT_FINE
}

/** One page, for this machine's own browser: who comes by another name is not it (DNS rebinding). */
function answer(page: string, request: IncomingMessage, response: ServerResponse): void {
  const { host = '' } = request.headers
  const isOwn = /^(127\.0\.0\.1|localhost)(:\d+)?$/.test(host)
  const isPage = request.url === '/' || request.url?.startsWith('/?') === true
  const isRead = request.method === 'GET' || request.method === 'HEAD'
  const status = !isOwn ? 403 : !isPage ? 404 : !isRead ? 405 : 200
  response.writeHead(status, {
    'content-type': status === 200 ? 'text/html; charset=utf-8' : 'text/plain; charset=utf-8',
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
  })
  response.end(request.method === 'HEAD' ? undefined : status === 200 ? page : `${REFUSALS[status]}\n`)
}

const REFUSALS: Readonly<Record<number, string>> = {
  403: 'The lab answers at 127.0.0.1 and localhost only.',
  404: 'The lab has one page: /',
  405: 'The lab is only read.',
}

async function listening(server: Server, port: number): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(explained(error, port)))
    server.listen(port, HOST, resolve)
  })
}

function explained(error: NodeJS.ErrnoException, port: number): Error {
  if (error.code === 'EADDRINUSE')
    return new InputError(`port ${port} of ${HOST} is taken: another --port, or none for a free one`)
  if (error.code === 'EACCES') return new InputError(`port ${port} needs privilege: take one from 1024 up`)
  return error
}

function interrupted(): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      process.off('SIGINT', end)
      process.off('SIGTERM', end)
      resolve()
    }
    process.on('SIGINT', end)
    process.on('SIGTERM', end)
  })
}
