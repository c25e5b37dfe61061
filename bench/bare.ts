import { randomUUID } from 'node:crypto'
import express, { type Express, type Request } from 'express'

type Body = { [name: string]: unknown }

interface BareGroup {
  readonly body: Body
  /** Each as the answer has it. */
  readonly members: Map<string, Body>
}

/**
 * The baseline of the benchmark: a bare Express 5 handler that answers the same JSON from a Map. It
 * has no authentication, checks or audit log, supports a single filter, and answers only the
 * requests of the benchmark.
 */
export function bareApp(): Express {
  const users = new Map<string, Body>()
  const userIds = new Map<string, string>()
  const order: Body[] = []
  const groups = new Map<string, BareGroup>()
  const app = express()
  const json = express.json({ type: ['application/json', 'application/scim+json'], limit: '32mb' })

  const createUser = (request: Request, body: Body): Body => {
    const user = withMeta(request, 'User', body)
    users.set(String(user['id']), user)
    userIds.set(String(user['userName']).toLowerCase(), String(user['id']))
    order.push(user)
    return user
  }
  const createGroup = (request: Request, body: Body): Body => {
    const { members, ...rest } = body
    const group = { body: withMeta(request, 'Group', rest), members: new Map<string, Body>() }
    groups.set(String(group.body['id']), group)
    for (const id of idsOf(members)) {
      group.members.set(id, memberJson(request, id))
      addGroup(request, users.get(id), group.body)
    }
    return group.body
  }
  const memberJson = (request: Request, id: string) => ({
    value: id,
    $ref: urlOf(request, 'User', id),
    type: 'User',
    display: users.get(id)?.['displayName'],
  })

  app.get('/scim/v2/Users', (request, response) => {
    const { filter } = request.query
    if (typeof filter === 'string') {
      const userName = /^userName eq "([^"]*)"$/.exec(filter)?.[1] ?? ''
      const user = users.get(userIds.get(userName.toLowerCase()) ?? '')
      response.json(listOf(user ? [user] : [], user ? 1 : 0, 1))
      return
    }
    const start = Number(request.query['startIndex'] ?? 1)
    const count = Number(request.query['count'] ?? 100)
    response.json(listOf(order.slice(start - 1, start - 1 + count), order.length, start))
  })
  app.get('/scim/v2/Users/:id', (request, response) => {
    const user = users.get(request.params.id)
    if (user) response.json(user)
    else response.status(404).end()
  })
  app.post('/scim/v2/Users', json, (request, response) => {
    response.status(201).json(createUser(request, request.body))
  })
  app.patch('/scim/v2/Users/:id', json, (request, response) => {
    const user = users.get(String(request.params['id']))
    if (user === undefined) {
      response.status(404).end()
      return
    }
    const [operation] = request.body.Operations
    Object.assign(user, { [operation.path]: operation.value })
    touch(user)
    response.json(user)
  })
  app.post('/scim/v2/Groups', json, (request, response) => {
    response.status(201).json(createGroup(request, request.body))
  })
  app.get('/scim/v2/Groups/:id', (request, response) => {
    const group = groups.get(String(request.params['id']))
    if (group) response.json(withMembers(group))
    else response.status(404).end()
  })
  app.patch('/scim/v2/Groups/:id', json, (request, response) => {
    const group = groups.get(String(request.params['id']))
    const [operation] = request.body.Operations
    for (const id of idsOf(operation.value)) {
      if (operation.op === 'add') group?.members.set(id, memberJson(request, id))
      else group?.members.delete(id)
    }
    if (group) touch(group.body)
    response.status(group ? 204 : 404).end()
  })
  app.put('/scim/v2/Groups/:id', json, (request, response) => {
    const group = groups.get(String(request.params['id']))
    if (group === undefined) {
      response.status(404).end()
      return
    }
    group.members.clear()
    for (const id of idsOf(request.body.members)) group.members.set(id, memberJson(request, id))
    touch(group.body)
    response.json(withMembers(group))
  })
  app.post('/scim/v2/Bulk', json, (request, response) => {
    const operations: readonly { path: string; data: Body }[] = request.body.Operations
    const done = operations.map(({ path, data }) => {
      const create = path === '/Users' ? createUser : createGroup
      const { id } = create(request, data)
      return { status: '201', location: `${path}/${id}` }
    })
    response.json({ Operations: done })
  })
  return app
}

function withMembers({ body, members }: BareGroup): Body {
  return { ...body, members: [...members.values()] }
}

function withMeta(request: Request, resourceType: string, body: Body): Body {
  const { schemas, ...attributes } = body
  const id = randomUUID()
  const at = new Date().toISOString()
  const location = urlOf(request, resourceType, id)
  const version = `W/"${randomUUID()}"`
  const meta = { resourceType, created: at, lastModified: at, location, version }
  return { schemas, id, ...attributes, meta }
}

function touch(resource: Body): void {
  const meta = resource['meta'] as Body
  resource['meta'] = {
    ...meta,
    lastModified: new Date().toISOString(),
    version: `W/"${randomUUID()}"`,
  }
}

function addGroup(request: Request, user: Body | undefined, group: Body): void {
  if (user === undefined) return
  const known = (user['groups'] as Body[] | undefined) ?? []
  const { id, displayName } = group
  const $ref = urlOf(request, 'Group', String(id))
  user['groups'] = [...known, { value: id, $ref, display: displayName, type: 'direct' }]
}

function idsOf(members: unknown): string[] {
  return (members as readonly { value: string }[]).map(({ value }) => value)
}

function urlOf(request: Request, resourceType: string, id: string): string {
  return `${request.protocol}://${request.headers.host}/scim/v2/${resourceType}s/${id}`
}

function listOf(resources: readonly Body[], totalResults: number, startIndex: number): Body {
  return {
    schemas: ['urn:ietf:params:scim:api:messages:2.0:ListResponse'],
    totalResults,
    startIndex,
    itemsPerPage: resources.length,
    Resources: resources,
  }
}
