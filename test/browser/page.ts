/**
 * A page of Chromium that sees the compiled modules as they are published: served from loopback, unbundled, without
 * anything of Node.
 */

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join, normalize } from 'node:path'
import { after } from 'node:test'
import { fileURLToPath, pathToFileURL } from 'node:url'
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from 'playwright-core'
import { CHROMIUM, QUIET } from './chromium.ts'

/** The folder of compiled modules. */
const MODULES = fileURLToPath(new URL('../../src/', import.meta.url))

/** Which fonts there are for it: glyphs that are as wide here as on every other machine. */
const FONTS = fileURLToPath(new URL('../../../test/browser/fonts.conf', import.meta.url))
const FONT = '/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf'

/** What browser tests lack on this machine, as a reason to skip them; false: nothing. */
export const lacksBrowser: string | false =
  CHROMIUM === undefined
    ? "not installed: Debian's chromium"
    : existsSync(FONT)
      ? false
      : "not installed: Debian's fonts-dejavu-core"

/** Of one file of tests; a context of it is as good as a browser of its own, and opens ten times as fast. */
let browser: Promise<Browser> | null = null
after(async () => (await browser)?.close())

async function newContext(options: BrowserContextOptions): Promise<BrowserContext> {
  browser ??= chromium.launch({
    executablePath: CHROMIUM!,
    args: [...QUIET, ...SAME_GLYPHS],
    env: { ...process.env, FONTCONFIG_FILE: FONTS },
    timeout: LIMIT_MS,
  })
  const context = await (await browser).newContext(options)
  context.setDefaultTimeout(LIMIT_MS)
  return context
}

/**
 * Opens a page in which the module of each of these rooms is a global variable, by the room's name: 'drill' is drill/index.js,
 * 'link/portable' another file of link.
 */
export function withPage<T>(rooms: readonly string[], body: (page: Page) => Promise<T>): Promise<T> {
  return withPages(1, rooms, ([page]) => body(page!))
}

/** Several pages of one browser and one origin, each in a tab of its own. */
export async function withPages<T>(
  count: number,
  rooms: readonly string[],
  body: (pages: readonly Page[], scripts: Scripts) => Promise<T>,
): Promise<T> {
  const scripts: Scripts = new Map()
  const server = await serve(scripts)
  const { port } = server.address() as AddressInfo
  const context = await newContext({})
  try {
    const pages: Page[] = []
    for (let n = 0; n < count; n++) {
      const page = await context.newPage()
      await page.goto(`http://127.0.0.1:${port}/`)
      for (const room of rooms) {
        const path = room.includes('/') ? `/${room}.js` : `/${room}/index.js`
        const [name] = room.split('/')
        // As text: the compiler would rewrite an import, for Node.
        await page.evaluate(`import('${path}').then((module) => { globalThis.${name} = module })`)
      }
      pages.push(page)
    }
    return await body(pages, scripts)
  } finally {
    await context.close()
    server.close()
  }
}

/** What a page did that a page from a disk must not do. */
export interface Misdeeds {
  /** Addresses that it asked for, itself left out. */
  readonly requests: string[]
  /** Errors and warnings of its console, and what it threw. */
  readonly complaints: string[]
}

/** Opens HTML from a file, as a reader does who double-clicks it; `hash` is what stands behind the #. */
export async function withFile<T>(
  html: string,
  { hash = '', ...options }: BrowserContextOptions & { readonly hash?: string },
  body: (page: Page, misdeeds: Misdeeds) => Promise<T>,
): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'elko-page-'))
  const path = join(folder, 'page.html')
  writeFileSync(path, html)
  const address = pathToFileURL(path).href
  const context = await newContext(options)
  try {
    const page = await context.newPage()
    const misdeeds: Misdeeds = { requests: [], complaints: [] }
    page.on('request', (request) => {
      if (request.url() !== address) misdeeds.requests.push(request.url())
    })
    page.on('console', (message) => {
      if (/error|warning/.test(message.type())) misdeeds.complaints.push(message.text())
    })
    page.on('pageerror', (error) => misdeeds.complaints.push(String(error)))
    await page.goto(hash === '' ? address : `${address}#${hash}`)
    return await body(page, misdeeds)
  } finally {
    await context.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

/** Scripts of a test's own, by their path: workers need one. */
export type Scripts = Map<string, string>

/** For a browser that hangs, not for one on a machine that is slow. */
const LIMIT_MS = 300_000

/** Letters and colours from the fonts and the page alone, and not from the machine's screen. */
const SAME_GLYPHS = ['--font-render-hinting=none', '--disable-lcd-text', '--force-color-profile=srgb']

async function serve(scripts: Scripts): Promise<Server> {
  const server = createServer((request, response) => {
    const path = new URL(request.url ?? '/', 'http://localhost').pathname
    if (path === '/') {
      response.setHeader('content-type', 'text/html')
      response.end('<!doctype html><title>Elko</title>')
      return
    }
    const script = scripts.get(path)
    if (script !== undefined) {
      response.setHeader('content-type', 'text/javascript')
      response.end(script)
      return
    }
    const file = join(MODULES, normalize(path))
    if (!file.startsWith(MODULES) || !file.endsWith('.js') || !existsSync(file)) {
      response.statusCode = 404
      response.end()
      return
    }
    response.setHeader('content-type', 'text/javascript')
    response.end(readFileSync(file))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return server
}
