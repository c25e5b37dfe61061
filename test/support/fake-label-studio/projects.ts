import {
  apiError,
  type FakeContext,
  type FakeHandler,
  invalid,
  json,
  paged,
  record,
  route,
  textIn,
} from './http.js'
import { type FakeAnnotation, type FakeProject, memberOf } from './state.js'

const showProject = (project: FakeProject) => ({
  id: project.id,
  title: project.title,
  created_by: { id: project.createdBy },
})

const showAnnotation = (annotation: FakeAnnotation) => ({
  id: annotation.id,
  result: annotation.result,
  completed_by: annotation.completedBy,
  task: annotation.task,
})

/** A removed person still sees the list and may create projects, but cannot use a project. */
function inside(handler: FakeHandler): FakeHandler {
  return (context, ...ids) => {
    const { state, user } = context
    const isRemoved = user === undefined || memberOf(state, user.id)?.deletedAt !== undefined
    return isRemoved
      ? apiError(403, 'You do not have permission to perform this action.')
      : handler(context, ...ids)
  }
}

/** The last `ids` counts. An empty one filters nothing. */
const list: FakeHandler = ({ state, request }) => {
  const ids = (request.query.getAll('ids').at(-1) ?? '').split(',').filter(Boolean).map(Number)
  if (ids.some(Number.isNaN)) return apiError(500, 'invalid literal for int()')
  const projects = [...state.projects.values()]
  const shown = ids.length === 0 ? projects : projects.filter(({ id }) => ids.includes(id))
  return paged(request, shown, showProject, { defaultSize: 30 })
}

const create: FakeHandler = ({ state, request, user }) => {
  const title = textIn(request.json, 'title') ?? ''
  if (title.length < 3) {
    return invalid({ title: ['Project title should be at least 3 characters'] })
  }
  const project = {
    id: state.nextId(),
    title,
    createdBy: user?.id ?? null,
    members: new Set<number>(),
  }
  state.projects.set(project.id, project)
  return json(201, showProject(project))
}

const get = inside(({ state }, id) => {
  const project = id === undefined ? undefined : state.projects.get(id)
  return project === undefined
    ? apiError(404, 'No Project matches the given query.')
    : json(200, showProject(project))
})

const importTasks = inside(({ state, request }, project = 0) => {
  const given = Array.isArray(request.json) ? request.json : []
  for (const data of given) {
    const id = state.nextId()
    state.tasks.set(id, { id, project, data })
  }
  return json(201, { task_count: given.length, annotation_count: 0, prediction_count: 0 })
})

const listTasks = inside(({ state, request }) => {
  const project = Number(request.query.get('project'))
  const tasks = [...state.tasks.values()].filter((each) => each.project === project)
  return json(200, { total: tasks.length, tasks: tasks.map(({ id, data }) => ({ id, data })) })
})

const listAnnotations = inside(({ state }, task) =>
  json(
    200,
    [...state.annotations.values()].filter((each) => each.task === task).map(showAnnotation),
  ),
)

const createAnnotation = inside(({ state, request, user }: FakeContext, task = 0) => {
  if (!state.tasks.has(task)) return apiError(404, 'No Task matches the given query.')
  const annotation = {
    id: state.nextId(),
    task,
    result: record(request.json)['result'] ?? [],
    completedBy: user?.id ?? null,
  }
  state.annotations.set(annotation.id, annotation)
  return json(201, showAnnotation(annotation))
})

/** Projects, tasks and annotations, as far as tests need them to watch a person work. */
export const projectRoutes = [
  route('GET', '/api/projects/', list),
  route('POST', '/api/projects/', create),
  route('GET', '/api/projects/:id/', get),
  route('POST', '/api/projects/:id/import', importTasks),
  route('GET', '/api/tasks', listTasks),
  route('GET', '/api/tasks/:id/annotations/', listAnnotations),
  route('POST', '/api/tasks/:id/annotations/', createAnnotation),
]
