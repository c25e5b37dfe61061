import type { IncomingMessage, Server } from 'node:http'

const ofGate = Symbol('label-studio-scim:gate')

/** Marks a listener of upgrades as one of a gate. */
export function asOfGate<Listener extends object>(listener: Listener): Listener {
  return Object.assign(listener, { [ofGate]: true })
}

/**
 * Returns a function that warns once if something else than a gate handles the upgrades of the
 * server of a request: WebSockets never come to middleware. A proxy may begin with its first
 * request, so each request is looked at.
 */
export function otherUpgradesWarner(): (request: IncomingMessage) => void {
  const counts = new WeakMap<Server, number>()
  let isTold = false
  return ({ socket }) => {
    const { server } = socket as { readonly server?: Server }
    if (isTold || typeof server?.listenerCount !== 'function') return
    const count = server.listenerCount('upgrade')
    if (count === (counts.get(server) ?? 0)) return
    counts.set(server, count)
    if (server.listeners('upgrade').every((each) => ofGate in each)) return
    isTold = true
    process.emitWarning(
      'Something else than accessGate handles the WebSockets of its server, e.g. ' +
        'http-proxy-middleware with "ws: true". If they lead to the application behind the ' +
        'gate, everybody may open them. Leave that out, and give the listener to ' +
        'gate.attach(server, listener).',
      { type: 'ConfigurationWarning', code: 'ERR_SCIM_GATE' },
    )
  }
}
