import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import de.captaingoldfish.scim.sdk.client.ScimClientConfig;
import de.captaingoldfish.scim.sdk.client.ScimRequestBuilder;
import de.captaingoldfish.scim.sdk.client.builder.ETagRequestBuilder;
import de.captaingoldfish.scim.sdk.client.builder.ListBuilder;
import de.captaingoldfish.scim.sdk.client.builder.PatchBuilder;
import de.captaingoldfish.scim.sdk.client.builder.PatchBuilder.PatchOperationBuilder;
import de.captaingoldfish.scim.sdk.client.builder.RequestBuilder;
import de.captaingoldfish.scim.sdk.client.response.ServerResponse;
import de.captaingoldfish.scim.sdk.common.constants.enums.Comparator;
import de.captaingoldfish.scim.sdk.common.constants.enums.HttpMethod;
import de.captaingoldfish.scim.sdk.common.constants.enums.PatchOp;
import de.captaingoldfish.scim.sdk.common.resources.Group;
import de.captaingoldfish.scim.sdk.common.resources.ResourceNode;
import de.captaingoldfish.scim.sdk.common.resources.ServiceProvider;
import de.captaingoldfish.scim.sdk.common.resources.User;
import de.captaingoldfish.scim.sdk.common.resources.base.ScimObjectNode;
import de.captaingoldfish.scim.sdk.common.response.BulkResponse;
import de.captaingoldfish.scim.sdk.common.response.ErrorResponse;
import de.captaingoldfish.scim.sdk.common.response.ListResponse;
import java.util.Map;

/** The client of SCIM-SDK, with its default configuration. */
public final class Main {
  private final ScimRequestBuilder requests;

  private Main() {
    Map<String, String> headers = Map.of("Authorization", "Bearer " + Driver.token());
    ScimClientConfig config = ScimClientConfig.builder().httpHeaders(headers).build();
    requests = new ScimRequestBuilder(Driver.baseUrl(), config);
  }

  public static void main(String[] arguments) throws Exception {
    Driver.serve(() -> new Main().commands());
  }

  private Map<String, Driver.Command> commands() {
    return Map.ofEntries(
        Map.entry("discover", this::discover),
        Map.entry("create", this::create),
        Map.entry("read", this::read),
        Map.entry("find", this::find),
        Map.entry("page", this::page),
        Map.entry("all", this::all),
        Map.entry("search", this::search),
        Map.entry("replace", this::replace),
        Map.entry("patch", this::patch),
        Map.entry("delete", this::delete),
        Map.entry("bulk", this::bulk));
  }

  private JsonNode discover(JsonNode parameters) {
    ServiceProvider found = requests.loadServiceProviderConfiguration();
    return Driver.MAPPER
        .createObjectNode()
        .put("patch", found.getPatchConfig().isSupported())
        .put("bulk", found.getBulkConfig().isSupported())
        .put("filter", found.getFilterConfig().isSupported())
        .put("etag", found.getETagConfig().isSupported());
  }

  private JsonNode create(JsonNode parameters) {
    return believed(
        requests
            .create(kind(parameters), endpoint(parameters))
            .setResource(parameters.get("resource"))
            .sendRequest());
  }

  private JsonNode read(JsonNode parameters) {
    return believed(
        requests.get(kind(parameters), endpoint(parameters), id(parameters)).sendRequest());
  }

  private JsonNode find(JsonNode parameters) {
    String attribute = parameters.get("attribute").asText();
    String value = parameters.get("value").asText();
    return believedList(
        list(parameters).filter(attribute, Comparator.EQ, value).build().get().sendRequest());
  }

  private JsonNode page(JsonNode parameters) {
    return believedList(
        list(parameters)
            .startIndex(parameters.get("startIndex").asLong())
            .count(parameters.get("count").asInt())
            .get()
            .sendRequest());
  }

  /** All pages, which the client asks for by itself. */
  private JsonNode all(JsonNode parameters) {
    return believedList(list(parameters).get().getAll());
  }

  private JsonNode search(JsonNode parameters) {
    return believedList(
        list(parameters)
            .count(parameters.get("count").asInt())
            .filter(parameters.get("attribute").asText(), Comparator.SW, parameters.get("value").asText())
            .build()
            .post()
            .sendRequest());
  }

  private JsonNode replace(JsonNode parameters) {
    RequestBuilder<? extends ResourceNode> request =
        requests
            .update(kind(parameters), endpoint(parameters), id(parameters))
            .setResource(parameters.get("resource"));
    return believed(ifMatch(request, parameters).sendRequest());
  }

  private JsonNode patch(JsonNode parameters) {
    PatchBuilder<? extends ResourceNode> request =
        requests.patch(kind(parameters), endpoint(parameters), id(parameters));
    for (JsonNode operation : parameters.get("operations")) add(request, operation);
    return believed(ifMatch(request, parameters).sendRequest());
  }

  private static void add(PatchBuilder<? extends ResourceNode> request, JsonNode operation) {
    PatchOperationBuilder<? extends ResourceNode> adding =
        request.addOperation().op(PatchOp.getByValue(operation.get("op").asText()));
    if (operation.has("path")) adding.path(operation.get("path").asText());
    JsonNode value = operation.get("value");
    if (value != null && value.isValueNode()) adding.value(value.asText());
    else if (value != null) adding.valueNode(value);
    adding.build();
  }

  private JsonNode delete(JsonNode parameters) {
    return believed(
        ifMatch(
                requests.delete(kind(parameters), endpoint(parameters), id(parameters)),
                parameters)
            .sendRequest());
  }

  /** Creates people and a group of them by reference in one request. */
  private JsonNode bulk(JsonNode parameters) {
    var bulk = requests.bulk();
    for (JsonNode operation : parameters.get("operations")) {
      bulk.bulkRequestOperation(operation.get("path").asText())
          .method(HttpMethod.valueOf(operation.get("method").asText()))
          .bulkId(operation.get("bulkId").asText())
          .data(operation.get("data").toString())
          .next();
    }
    ServerResponse<BulkResponse> response = bulk.sendRequest();
    return believed(response);
  }

  private ListBuilder<? extends ResourceNode> list(JsonNode parameters) {
    return requests.list(kind(parameters), endpoint(parameters));
  }

  private static <T extends ResourceNode> RequestBuilder<T> ifMatch(
      RequestBuilder<T> request, JsonNode parameters) {
    if (parameters.has("version")) {
      ((ETagRequestBuilder<T>) request).setETagForIfMatch(parameters.get("version").asText());
    }
    return request;
  }

  private static ObjectNode believed(ServerResponse<? extends ScimObjectNode> response) {
    ObjectNode belief = Driver.MAPPER.createObjectNode();
    belief.put("success", response.isSuccess()).put("status", response.getHttpStatus());
    ErrorResponse error = response.getErrorResponse();
    if (error != null) belief.put("scimType", error.getScimType().orElse(null));
    if (response.isSuccess() && response.getResource() != null) {
      belief.set("resource", response.getResource());
    }
    return belief;
  }

  private static <T extends ResourceNode> ObjectNode believedList(
      ServerResponse<ListResponse<T>> response) {
    ObjectNode belief = believed(response);
    belief.remove("resource");
    if (!response.isSuccess()) return belief;
    belief.put("total", response.getResource().getTotalResults());
    var resources = belief.putArray("resources");
    response.getResource().getListedResources().forEach(resources::add);
    return belief;
  }

  private static Class<? extends ResourceNode> kind(JsonNode parameters) {
    return isUser(parameters) ? User.class : Group.class;
  }

  private static String endpoint(JsonNode parameters) {
    return isUser(parameters) ? "/Users" : "/Groups";
  }

  private static boolean isUser(JsonNode parameters) {
    return parameters.get("type").asText().equals("User");
  }

  private static String id(JsonNode parameters) {
    return parameters.get("id").asText();
  }
}
