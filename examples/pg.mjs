// The PostgreSQL driver `pg`, with a real PostgreSQL server, over Elko: the driver's sockets are Elko's, in real time.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect } from 'node:net'
import { pipeline } from 'node:stream'
import * as elko from 'elko/net'
import pg from 'pg'
import { startPostgres } from './real-servers.mjs'

const postgres = await startPostgres()

// The relay: an Elko server, each of whose connections is joined to one of the kernel's, to the real server.
const relay = elko.createServer({ allowHalfOpen: true }, (socket) => {
  const kernel = connect({ port: postgres.port, host: '127.0.0.1', allowHalfOpen: true })
  pipeline(socket, kernel, socket, () => {})
})
await new Promise((resolve) => relay.listen(5432, '127.0.0.1', resolve))

// `stream` is a function that makes the driver's socket, not yet connected: the driver connects it to host and port.
const { user, password, database } = postgres
const pool = new pg.Pool({
  ...{ user, password, database, host: '127.0.0.1', port: 5432 },
  ...{ stream: () => new elko.Socket(), max: 4 },
})
try {
  await pool.query('create table reading (id serial primary key, sensor text, value double precision)')
  const sensors = Array.from({ length: 40 }, (_, n) => `sensor ${n}`)
  const insert = 'insert into reading (sensor, value) select $1, generate_series(1, 500)'
  await Promise.all(sensors.map((sensor) => pool.query(insert, [sensor])))

  // 20,000 rows, some 700 kB, in one result.
  const { rows } = await pool.query('select sensor, value from reading order by id')
  assert.equal(rows.length, 20_000)
  for (const sensor of sensors) {
    const values = rows.filter((row) => row.sensor === sensor).map((row) => row.value)
    assert.deepEqual(
      values,
      Array.from({ length: 500 }, (_, n) => n + 1),
    )
  }
  console.log(`${rows.length} rows over ${pool.totalCount} connections`)

  // What the server says arrives, and so does what it does not say: a query that is cancelled half way.
  const client = await pool.connect()
  await client.query('set statement_timeout = 100')
  await assert.rejects(client.query('select pg_sleep(60)'), { code: '57014' })
  client.release(true)
  console.log('a statement that took too long: cancelled by the server, told by the driver')
} finally {
  await pool.end()
  relay.close()
  await once(relay, 'close') // after its last connection: nobody is told that the server goes
  await postgres.stop()
}
