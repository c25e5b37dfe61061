import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { Readable } from 'node:stream'
import { createGunzip, createInflate, type Gunzip, type Inflate } from 'node:zlib'
import { invalidSyntax, ScimError } from '../errors.js'

/** The supported content codings of request bodies. */
const decoders = new Map([
  ['gzip', createGunzip],
  ['x-gzip', createGunzip],
  ['deflate', createInflate],
])

/**
 * The client closed the connection before its request was complete, so there is nobody to answer.
 */
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

/** A request whose body is arriving. */
export interface Arriving {
  readonly request: IncomingMessage
  readonly head: { readonly headers: IncomingHttpHeaders }
  /**
   * Registers a listener for the end of interest in the request. Node emits no event for that once
   * the request has an answer.
   */
  onGivenUp(listener: (reason: Error) => void): void
}

/**
 * Reads a request's body, undoing its content coding. It never holds more than `maxBytes`; the rest
 * is discarded as it arrives, so that the client can read the answer.
 *
 * @throws ScimError 413 beyond `maxBytes`, 415 for an unknown content coding, 400 for damaged
 *   compression
 * @throws ClientGoneError, and why the request was given up
 */
export function readBytes(arriving: Arriving, maxBytes: number): Promise<Buffer> {
  const { request, head } = arriving
  const { headers } = head
  const declared = Number(headers['content-length'] ?? 0)
  if (declared > maxBytes) {
    request.resume()
    throw payloadTooLarge(maxBytes)
  }
  const coding = (headers['content-encoding'] ?? 'identity').trim().toLowerCase()
  if (coding === 'identity' || coding === '') return collect(arriving, request, maxBytes)
  const decoder = decoders.get(coding)?.()
  if (decoder === undefined) {
    throw new ScimError(415, 'The content coding of the request body is not supported.', {
      headers: { 'Accept-Encoding': 'gzip, deflate, identity' },
    })
  }
  return decode(arriving, decoder, maxBytes)
}

async function decode(
  arriving: Arriving,
  decoder: Gunzip | Inflate,
  maxBytes: number,
): Promise<Buffer> {
  const { request } = arriving
  try {
    return await collect(arriving, request.pipe(decoder), maxBytes)
  } finally {
    request.unpipe(decoder)
    decoder.destroy()
    request.resume()
  }
}

/**
 * Events after the promise has settled are ignored; the listeners are freed together with the
 * stream.
 */
function collect(
  { request, onGivenUp }: Arriving,
  source: Readable,
  maxBytes: number,
): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    source.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= maxBytes) chunks.push(chunk)
      else reject(payloadTooLarge(maxBytes))
    })
    source.on('end', () =>
      resolve(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks)),
    )
    // This listener stays: without it, a late error would end the process.
    source.on('error', () =>
      reject(
        source === request
          ? new ClientGoneError()
          : invalidSyntax('The compressed request body is damaged.'),
      ),
    )
    // Also emitted after a complete request, while decompression may still be in progress.
    request.on('close', () => request.complete || reject(new ClientGoneError()))
    onGivenUp(reject)
  })
}
