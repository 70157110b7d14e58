// gRPC (@grpc/grpc-js), client and server, over Elko. No option of grpc-js takes a socket: it calls net.connect itself. So
// the whole program's node:net is redirected, by `elko/register`, which must come before what is to be redirected.
//
// In front of a program that is not to be changed it is `node --import elko/register app.js`, with these settings as
// environment variables; here the loopback interface loses two packets in a hundred and takes 5 ms each way.
import assert from 'node:assert/strict'

process.env.ELKO_IMPAIR ??= 'loss=2%,delay=5ms'
process.env.ELKO_SEED ??= '4'
await import('elko/register')
const { default: grpc } = await import('@grpc/grpc-js')

// What protoc generates from a .proto file, with JSON in place of protobuf.
const toJson = (value) => Buffer.from(JSON.stringify(value))
const fromJson = (octets) => JSON.parse(octets)
const json = {
  requestSerialize: toJson,
  requestDeserialize: fromJson,
  responseSerialize: toJson,
  responseDeserialize: fromJson,
}
const service = {
  square: { path: '/Numbers/Square', requestStream: false, responseStream: false, ...json },
  count: { path: '/Numbers/Count', requestStream: false, responseStream: true, ...json },
  chat: { path: '/Numbers/Chat', requestStream: true, responseStream: true, ...json },
}

const server = new grpc.Server()
server.addService(service, {
  square: ({ request }, callback) => {
    if (typeof request.n === 'number') callback(null, { n: request.n ** 2 })
    else callback({ code: grpc.status.INVALID_ARGUMENT, details: 'n is no number' })
  },
  count: (call) => {
    for (let n = 1; n <= call.request.n; n++) call.write({ n })
    call.end()
  },
  chat: (call) => {
    call.on('data', ({ n }) => call.write({ n: -n }))
    call.on('end', () => call.end())
  },
})
const port = await new Promise((resolve, reject) => {
  const credentials = grpc.ServerCredentials.createInsecure()
  server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound)))
})

const Numbers = grpc.makeGenericClientConstructor(service)
const client = new Numbers(`127.0.0.1:${port}`, grpc.credentials.createInsecure())
const square = (request) =>
  new Promise((resolve, reject) => {
    client.square(request, (error, answer) => (error ? reject(error) : resolve(answer)))
  })

const squares = await Promise.all(Array.from({ length: 100 }, (_, n) => square({ n })))
assert.deepEqual(
  squares.map(({ n }) => n),
  Array.from({ length: 100 }, (_, n) => n * n),
)
await assert.rejects(square({ n: 'x' }), { code: grpc.status.INVALID_ARGUMENT, details: 'n is no number' })

const counted = await client.count({ n: 5_000 }).toArray()
assert.deepEqual([counted.length, counted.at(-1)], [5_000, { n: 5_000 }])

const chat = client.chat()
for (let n = 1; n <= 100; n++) chat.write({ n })
chat.end()
const replies = await chat.toArray()
assert.equal(replies.length, 100)
assert.deepEqual(replies.at(-1), { n: -100 })

// All of it went over Elko: of the kernel's TCP this process has neither a socket nor a server.
assert.ok(!process.getActiveResourcesInfo().some((resource) => resource.startsWith('TCP')))
console.log(`${squares.length} calls, a stream of ${counted.length}, a chat of ${replies.length}`)
client.close()
await new Promise((resolve) => server.tryShutdown(resolve))
