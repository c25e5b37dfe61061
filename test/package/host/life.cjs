// One person's life over HTTP with a host that uses the packed library; prints the status of each
// answer.
const express = require('express')

module.exports = async function live(router) {
  const server = express().use('/scim/v2', router).listen(0, '127.0.0.1')
  await new Promise((resolve) => server.once('listening', resolve))
  try {
    console.log(JSON.stringify(await statuses(`http://127.0.0.1:${server.address().port}/scim/v2`)))
  } finally {
    server.close()
    server.closeAllConnections()
  }
}

async function statuses(base) {
  const send = async (method, path, body) => {
    const response = await fetch(base + path, {
      method,
      headers: {
        authorization: 'Bearer secret-of-the-idp',
        'content-type': 'application/scim+json',
      },
      ...(body && { body: JSON.stringify(body) }),
    })
    const text = await response.text()
    return { status: response.status, body: text && JSON.parse(text) }
  }
  const created = await send('POST', '/Users', {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:User'],
    userName: 'bjensen@example.com',
    active: true,
  })
  const found = await send('GET', '/Users?filter=userName%20eq%20%22BJENSEN%40example.com%22')
  const path = `/Users/${created.body.id}`
  const deactivated = await send('PATCH', path, {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:PatchOp'],
    Operations: [{ op: 'replace', path: 'active', value: false }],
  })
  const deleted = await send('DELETE', path)
  const gone = await send('GET', path)
  return {
    created: created.status,
    found: found.body.totalResults,
    active: deactivated.body.active,
    deleted: deleted.status,
    gone: gone.status,
  }
}
