import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.File;
import java.net.URL;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.identityconnectors.common.security.GuardedString;
import org.identityconnectors.framework.api.APIConfiguration;
import org.identityconnectors.framework.api.ConnectorFacade;
import org.identityconnectors.framework.api.ConnectorFacadeFactory;
import org.identityconnectors.framework.api.ConnectorInfo;
import org.identityconnectors.framework.api.ConnectorInfoManagerFactory;
import org.identityconnectors.framework.common.objects.Attribute;
import org.identityconnectors.framework.common.objects.AttributeBuilder;
import org.identityconnectors.framework.common.objects.AttributeDelta;
import org.identityconnectors.framework.common.objects.AttributeDeltaBuilder;
import org.identityconnectors.framework.common.objects.ConnectorObject;
import org.identityconnectors.framework.common.objects.ObjectClass;
import org.identityconnectors.framework.common.objects.OperationOptions;
import org.identityconnectors.framework.common.objects.OperationOptionsBuilder;
import org.identityconnectors.framework.common.objects.OperationalAttributes;
import org.identityconnectors.framework.common.objects.SearchResult;
import org.identityconnectors.framework.common.objects.Uid;
import org.identityconnectors.framework.common.objects.filter.Filter;
import org.identityconnectors.framework.common.objects.filter.FilterBuilder;

/** The SCIM connector of ConnId, loaded from its bundle and called as Apache Syncope calls it. */
public final class Main {
  private static final String SCIM_2 = "net.tirasa.connid.bundles.scim.v2.SCIMv2Connector";

  private final ConnectorFacade facade;

  private Main() throws Exception {
    ConnectorInfo connector =
        ConnectorInfoManagerFactory.getInstance()
            .getLocalManager(bundle())
            .getConnectorInfos()
            .stream()
            .filter(each -> each.getConnectorKey().getConnectorName().equals(SCIM_2))
            .findFirst()
            .orElseThrow();
    APIConfiguration configuration = connector.createDefaultAPIConfiguration();
    configure(configuration, "baseAddress", Driver.baseUrl() + "/");
    configure(configuration, "bearerToken", Driver.token());
    configure(configuration, "accept", "application/scim+json");
    configure(configuration, "contentType", "application/scim+json");
    configure(configuration, "updateUserMethod", "PUT");
    configure(configuration, "updateGroupMethod", "PATCH");
    configure(configuration, "explicitGroupAddOnCreate", true);
    // As Syncope and the connector's own tests have it: paging is refused otherwise.
    configuration.getResultsHandlerConfiguration().setFilteredResultsHandlerInValidationMode(true);
    facade = ConnectorFacadeFactory.getInstance().newInstance(configuration);
  }

  public static void main(String[] arguments) throws Exception {
    Driver.serve(() -> new Main().commands());
  }

  private Map<String, Driver.Command> commands() {
    Map<String, Driver.Command> commands = new LinkedHashMap<>();
    commands.put("test", this::test);
    commands.put("create", this::create);
    commands.put("read", this::read);
    commands.put("find", this::find);
    commands.put("page", this::page);
    commands.put("update", this::update);
    commands.put("change", this::change);
    commands.put("delete", this::delete);
    commands.replaceAll((name, command) -> believing(command));
    return commands;
  }

  private static URL bundle() throws Exception {
    String jars = System.getProperty("java.class.path");
    for (String jar : jars.split(File.pathSeparator)) {
      if (jar.endsWith("-bundle.jar")) return Path.of(jar).toUri().toURL();
    }
    throw new IllegalStateException("There is no bundle in " + jars);
  }

  private static void configure(APIConfiguration configuration, String name, Object value) {
    configuration.getConfigurationProperties().setPropertyValue(name, value);
  }

  /** What the connector throws is what it believes: Syncope shows it to the administrator. */
  private static Driver.Command believing(Driver.Command command) {
    return parameters -> {
      try {
        return command.run(parameters);
      } catch (RuntimeException exception) {
        return Driver.MAPPER
            .createObjectNode()
            .put("success", false)
            .put("error", exception.getClass().getSimpleName())
            .put("message", exception.getMessage());
      }
    };
  }

  private JsonNode test(JsonNode parameters) {
    facade.test();
    return done();
  }

  private JsonNode create(JsonNode parameters) {
    Uid uid = facade.create(kind(parameters), attributes(parameters), options().build());
    return done().put("uid", uid.getUidValue());
  }

  private JsonNode read(JsonNode parameters) {
    ConnectorObject found = facade.getObject(kind(parameters), uid(parameters), wanted(parameters));
    ObjectNode belief = done();
    if (found != null) belief.set("object", toJson(found));
    return belief;
  }

  private JsonNode find(JsonNode parameters) {
    Attribute attribute =
        AttributeBuilder.build(
            parameters.get("attribute").asText(), parameters.get("value").asText());
    return search(parameters, FilterBuilder.equalTo(attribute), wanted(parameters));
  }

  private JsonNode page(JsonNode parameters) {
    OperationOptionsBuilder options = options().setPageSize(parameters.get("size").asInt());
    if (parameters.has("cookie")) options.setPagedResultsCookie(parameters.get("cookie").asText());
    return search(parameters, null, options.build());
  }

  private ObjectNode search(JsonNode parameters, Filter filter, OperationOptions options) {
    ObjectNode belief = done();
    var objects = belief.putArray("objects");
    SearchResult result =
        facade.search(
            kind(parameters),
            filter,
            found -> {
              objects.add(toJson(found));
              return true;
            },
            options);
    if (result != null) belief.put("cookie", result.getPagedResultsCookie());
    return belief;
  }

  /** With all attributes, as Syncope updates with PUT. */
  private JsonNode update(JsonNode parameters) {
    Uid uid =
        facade.update(
            kind(parameters), uid(parameters), attributes(parameters), options().build());
    return done().put("uid", uid.getUidValue());
  }

  /** With what is added and removed alone. */
  private JsonNode change(JsonNode parameters) {
    Set<AttributeDelta> deltas = new HashSet<>();
    for (JsonNode each : parameters.get("deltas")) {
      AttributeDeltaBuilder delta =
          new AttributeDeltaBuilder().setName(each.get("name").asText());
      if (each.has("add")) delta.addValueToAdd(values(each.get("add")));
      if (each.has("remove")) delta.addValueToRemove(values(each.get("remove")));
      if (each.has("replace")) delta.addValueToReplace(values(each.get("replace")));
      deltas.add(delta.build());
    }
    facade.updateDelta(kind(parameters), uid(parameters), deltas, options().build());
    return done();
  }

  private JsonNode delete(JsonNode parameters) {
    facade.delete(kind(parameters), uid(parameters), options().build());
    return done();
  }

  private static ObjectNode done() {
    return Driver.MAPPER.createObjectNode().put("success", true);
  }

  private static OperationOptionsBuilder options() {
    return new OperationOptionsBuilder();
  }

  /** The options of a search: the attributes that the resource's mapping in Syncope has. */
  private static OperationOptions wanted(JsonNode parameters) {
    List<String> names = new ArrayList<>();
    for (JsonNode name : parameters.path("wanted")) names.add(name.asText());
    return options().setAttributesToGet(names).build();
  }

  private static Set<Attribute> attributes(JsonNode parameters) {
    Set<Attribute> attributes = new HashSet<>();
    parameters
        .get("attributes")
        .properties()
        .forEach(each -> attributes.add(attribute(each.getKey(), each.getValue())));
    return attributes;
  }

  private static Attribute attribute(String name, JsonNode value) {
    if (name.equals(OperationalAttributes.PASSWORD_NAME)) {
      return AttributeBuilder.buildPassword(new GuardedString(value.asText().toCharArray()));
    }
    return AttributeBuilder.build(name, values(value));
  }

  private static List<Object> values(JsonNode value) {
    List<Object> values = new ArrayList<>();
    if (value.isArray()) value.forEach(each -> values.addAll(values(each)));
    else values.add(value.isBoolean() ? (Object) value.asBoolean() : value.asText());
    return values;
  }

  private static ObjectNode toJson(ConnectorObject found) {
    ObjectNode object = Driver.MAPPER.createObjectNode();
    object.put("uid", found.getUid().getUidValue()).put("name", found.getName().getNameValue());
    ObjectNode attributes = object.putObject("attributes");
    for (Attribute attribute : found.getAttributes()) {
      attributes.set(
          attribute.getName(),
          Driver.MAPPER.valueToTree(
              attribute.getValue() == null
                  ? List.of()
                  : attribute.getValue().stream().map(String::valueOf).toList()));
    }
    return object;
  }

  private static ObjectClass kind(JsonNode parameters) {
    return parameters.get("type").asText().equals("User")
        ? ObjectClass.ACCOUNT
        : ObjectClass.GROUP;
  }

  private static Uid uid(JsonNode parameters) {
    return new Uid(parameters.get("uid").asText());
  }
}
