import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.unboundid.scim2.client.ScimService;
import com.unboundid.scim2.client.requests.SearchRequestBuilder;
import com.unboundid.scim2.common.BaseScimResource;
import com.unboundid.scim2.common.ScimResource;
import com.unboundid.scim2.common.exceptions.ScimException;
import com.unboundid.scim2.common.filters.Filter;
import com.unboundid.scim2.common.messages.ListResponse;
import com.unboundid.scim2.common.messages.PatchOperation;
import com.unboundid.scim2.common.types.GroupResource;
import com.unboundid.scim2.common.types.Meta;
import com.unboundid.scim2.common.types.ServiceProviderConfigResource;
import com.unboundid.scim2.common.types.UserResource;
import com.unboundid.scim2.common.utils.JsonUtils;
import jakarta.ws.rs.client.Client;
import jakarta.ws.rs.client.ClientBuilder;
import jakarta.ws.rs.client.ClientRequestFilter;
import java.net.URI;
import java.util.LinkedHashMap;
import java.util.Map;
import org.glassfish.jersey.apache.connector.ApacheConnectorProvider;
import org.glassfish.jersey.client.ClientConfig;

/** The client of the UnboundID SCIM 2 SDK, with its own types of users and groups. */
public final class Main {
  private final ScimService service;

  private Main() {
    ClientConfig config = new ClientConfig().connectorProvider(new ApacheConnectorProvider());
    Client http = ClientBuilder.newClient(config);
    http.register(
        (ClientRequestFilter)
            request ->
                request.getHeaders().putSingle("Authorization", "Bearer " + Driver.token()));
    service = new ScimService(http.target(Driver.baseUrl()));
  }

  public static void main(String[] arguments) throws Exception {
    Driver.serve(() -> new Main().commands());
  }

  private Map<String, Driver.Command> commands() {
    Map<String, Driver.Command> commands = new LinkedHashMap<>();
    commands.put("discover", this::discover);
    commands.put("create", this::create);
    commands.put("read", this::read);
    commands.put("find", this::find);
    commands.put("page", this::page);
    commands.put("cursorPage", this::cursorPage);
    commands.put("search", this::search);
    commands.put("replace", this::replace);
    commands.put("patch", this::patch);
    commands.put("delete", this::delete);
    commands.replaceAll((name, command) -> believing(command));
    return commands;
  }

  /** An error of the service provider is what the client believes, not a failure of the client. */
  private static Driver.Command believing(Driver.Command command) {
    return parameters -> {
      try {
        return command.run(parameters);
      } catch (ScimException exception) {
        return Driver.MAPPER
            .createObjectNode()
            .put("success", false)
            .put("status", exception.getScimError().getStatus())
            .put("scimType", exception.getScimError().getScimType());
      }
    };
  }

  private JsonNode discover(JsonNode parameters) throws ScimException {
    ServiceProviderConfigResource found = service.getServiceProviderConfig();
    return Driver.MAPPER
        .createObjectNode()
        .put("patch", found.getPatch().isSupported())
        .put("filter", found.getFilter().isSupported())
        .put("etag", found.getEtag().isSupported())
        .put("schemas", service.getSchemas().getTotalResults())
        .put("types", service.getResourceTypes().getTotalResults());
  }

  private JsonNode create(JsonNode parameters) throws Exception {
    return believed(service.create(endpoint(parameters), resource(parameters)));
  }

  private JsonNode read(JsonNode parameters) throws ScimException {
    return believed(service.retrieve(endpoint(parameters), id(parameters), kind(parameters)));
  }

  private JsonNode find(JsonNode parameters) throws ScimException {
    Filter filter =
        Filter.eq(parameters.get("attribute").asText(), parameters.get("value").asText());
    return believedList(requested(parameters).filter(filter).invoke(kind(parameters)));
  }

  private JsonNode page(JsonNode parameters) throws ScimException {
    int startIndex = parameters.get("startIndex").asInt();
    return believedList(
        requested(parameters).page(startIndex, count(parameters)).invoke(kind(parameters)));
  }

  /** A page by cursor (RFC 9865), the first one where no cursor is given. */
  private JsonNode cursorPage(JsonNode parameters) throws ScimException {
    SearchRequestBuilder request = requested(parameters);
    if (parameters.has("cursor")) {
      request.pageWithCursor(parameters.get("cursor").asText(), count(parameters));
    } else {
      request.firstPageCursorWithCount(count(parameters));
    }
    return believedList(request.invoke(kind(parameters)));
  }

  private JsonNode search(JsonNode parameters) throws ScimException {
    Filter filter =
        Filter.sw(parameters.get("attribute").asText(), parameters.get("value").asText());
    return believedList(
        requested(parameters)
            .filter(filter)
            .page(1, count(parameters))
            .invokePost(kind(parameters)));
  }

  private JsonNode replace(JsonNode parameters) throws Exception {
    ScimResource resource = resource(parameters);
    if (parameters.has("version")) {
      resource.setMeta(new Meta().setVersion(parameters.get("version").asText()));
    }
    var request = service.replaceRequest(place(parameters), resource);
    if (parameters.has("version")) request.ifMatch();
    return believed(request.invoke());
  }

  private JsonNode patch(JsonNode parameters) throws ScimException {
    var request = service.modifyRequest(endpoint(parameters), id(parameters));
    for (JsonNode operation : parameters.get("operations")) {
      request.addOperation(toOperation(operation));
    }
    if (parameters.has("version")) request.ifMatch(parameters.get("version").asText());
    return believed(request.invoke(kind(parameters)));
  }

  private static PatchOperation toOperation(JsonNode operation) throws ScimException {
    JsonNode value = operation.get("value");
    String path = operation.has("path") ? operation.get("path").asText() : null;
    return switch (operation.get("op").asText()) {
      case "add" -> PatchOperation.add(path, value);
      case "remove" -> PatchOperation.remove(path);
      default ->
          path == null
              ? PatchOperation.replace((ObjectNode) value)
              : PatchOperation.replace(path, value);
    };
  }

  private JsonNode delete(JsonNode parameters) throws ScimException {
    var request = service.deleteRequest(endpoint(parameters), id(parameters));
    if (parameters.has("version")) request.ifMatch(parameters.get("version").asText());
    request.invoke();
    return Driver.MAPPER.createObjectNode().put("success", true);
  }

  private SearchRequestBuilder requested(JsonNode parameters) {
    return service.searchRequest(endpoint(parameters));
  }

  private static ObjectNode believed(ScimResource resource) {
    ObjectNode belief = Driver.MAPPER.createObjectNode().put("success", true);
    if (resource != null) belief.set("resource", JsonUtils.valueToNode(resource));
    return belief;
  }

  private static ObjectNode believedList(ListResponse<? extends BaseScimResource> list) {
    ObjectNode belief = Driver.MAPPER.createObjectNode().put("success", true);
    belief.put("total", list.getTotalResults());
    if (list.getNextCursor() != null) belief.put("nextCursor", list.getNextCursor());
    var resources = belief.putArray("resources");
    list.forEach(resource -> resources.add(JsonUtils.<JsonNode>valueToNode(resource)));
    return belief;
  }

  private static BaseScimResource resource(JsonNode parameters) throws Exception {
    return JsonUtils.nodeToValue(parameters.get("resource"), kind(parameters));
  }

  private static URI place(JsonNode parameters) {
    return URI.create(endpoint(parameters) + "/" + id(parameters));
  }

  private static Class<? extends BaseScimResource> kind(JsonNode parameters) {
    return isUser(parameters) ? UserResource.class : GroupResource.class;
  }

  private static String endpoint(JsonNode parameters) {
    return isUser(parameters) ? "Users" : "Groups";
  }

  private static boolean isUser(JsonNode parameters) {
    return parameters.get("type").asText().equals("User");
  }

  private static String id(JsonNode parameters) {
    return parameters.get("id").asText();
  }

  private static int count(JsonNode parameters) {
    return parameters.get("count").asInt();
  }
}
