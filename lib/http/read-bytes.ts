import type { IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { createGunzip, createInflate } from 'node:zlib'
import { invalidSyntax, ScimError } from '../errors.js'

/** Content codings of request bodies that are understood. */
const decoders = new Map([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
])

/** The client closed the connection before its request was complete; nobody is left to answer. */
export class ClientGoneError extends Error {
  override readonly name = 'ClientGoneError'
}

/** 413 naming the limit (RFC 7644 §3.7.4). */
export function payloadTooLarge(maxBytes: number): ScimError {
  return new ScimError(
    413,
    `The request body is larger than ${maxBytes} bytes (maxPayloadSize), the most allowed.`,
  )
}

/**
 * Reads a request's body, undoing its content coding. Never holds more than `maxBytes`; what comes after is discarded
 * while it arrives, so that the client can read the answer.
 *
 * @throws ScimError 413 beyond `maxBytes`, 415 for an unknown content coding, 400 for damaged compression
 * @throws ClientGoneError
 */
export async function readBytes(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > maxBytes) {
    request.resume()
    throw payloadTooLarge(maxBytes)
  }
  const coding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (coding === 'identity' || coding === '') return collect(request, request, maxBytes)
  const decoder = decoders.get(coding)?.()
  if (decoder === undefined) {
    throw new ScimError(415, 'The content coding of the request body is not supported.', {
      headers: { 'Accept-Encoding': 'gzip, deflate, identity' },
    })
  }
  try {
    return await collect(request, request.pipe(decoder), maxBytes)
  } finally {
    request.unpipe(decoder)
    decoder.destroy()
    request.resume()
  }
}

function collect(request: IncomingMessage, source: Readable, maxBytes: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const finish = (settle: () => void) => {
      source.off('data', onData).off('end', onEnd).off('error', onError)
      request.off('close', onClose)
      settle()
    }
    const fail = (error: Error) => finish(() => reject(error))
    const onData = (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= maxBytes) chunks.push(chunk)
      else {
        fail(payloadTooLarge(maxBytes))
        request.resume()
      }
    }
    const onEnd = () => finish(() => resolve(Buffer.concat(chunks, bytes)))
    // Also emitted after a complete request, whose decompression may still be under way.
    const onClose = () => request.complete || fail(new ClientGoneError())
    const onError = () =>
      fail(
        source === request
          ? new ClientGoneError()
          : invalidSyntax('The compressed request body is damaged.'),
      )
    // Errors after the end of the reading must find a listener, or they end the process.
    source.on('error', () => {})
    source.on('data', onData).on('end', onEnd).on('error', onError)
    request.on('close', onClose)
  })
}
