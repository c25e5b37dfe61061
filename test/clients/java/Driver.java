import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.Map;

/** Drives one client: reads a command a line from standard input, prints a line of JSON for each. */
public final class Driver {
  public static final ObjectMapper MAPPER = new ObjectMapper();

  /** What a client does on a command, e.g. `{"command": "create", "type": "User", "resource": {}}`. */
  public interface Command {
    /** Answers what the client believes afterwards. */
    JsonNode run(JsonNode parameters) throws Exception;
  }

  /** Starts a client. */
  public interface Start {
    /** Answers its commands by name. */
    Map<String, Command> run() throws Exception;
  }

  private Driver() {}

  /** Ends the JVM when standard input ends. Whatever the client prints by itself goes to standard error. */
  public static void serve(Start start) throws Exception {
    PrintStream answers = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    System.setOut(System.err);
    Map<String, Command> commands = start.run();
    BufferedReader lines =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    for (String line = lines.readLine(); line != null; line = lines.readLine()) {
      answers.println(MAPPER.writeValueAsString(answer(commands, MAPPER.readTree(line))));
    }
    // Clients leave threads behind that would keep the JVM.
    System.exit(0);
  }

  /** The URL of SCIM, e.g. `http://127.0.0.1:3000/scim/v2`. */
  public static String baseUrl() {
    return System.getenv("SCIM_URL");
  }

  public static String token() {
    return System.getenv("SCIM_TOKEN");
  }

  private static ObjectNode answer(Map<String, Command> commands, JsonNode parameters) {
    ObjectNode answer = MAPPER.createObjectNode();
    try {
      answer.set("result", commands.get(parameters.get("command").asText()).run(parameters));
    } catch (Exception | LinkageError exception) {
      answer.put("failure", traceOf(exception));
    }
    return answer;
  }

  private static String traceOf(Throwable exception) {
    StringWriter trace = new StringWriter();
    exception.printStackTrace(new PrintWriter(trace));
    return trace.toString();
  }
}
