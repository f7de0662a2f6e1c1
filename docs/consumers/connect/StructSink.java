// Owns proof that the tables arrive in Kafka Connect as what sinks into databases insist on: a Struct with a
// schema, flat, whole. Takes no record without, and writes each as a line of JSON to `file`. Sinks that could
// be used instead are in docs/schemas/connect; they need a database, and some a registry's jars.

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.*;
import java.util.*;
import org.apache.kafka.common.config.ConfigDef;
import org.apache.kafka.connect.connector.Task;
import org.apache.kafka.connect.data.*;
import org.apache.kafka.connect.errors.ConnectException;
import org.apache.kafka.connect.sink.*;

public class StructSink extends SinkConnector {
  private Map<String, String> settings;

  @Override public void start(Map<String, String> settings) { this.settings = settings; }
  @Override public void stop() {}
  @Override public Class<? extends Task> taskClass() { return Taker.class; }
  @Override public List<Map<String, String>> taskConfigs(int most) { return List.of(settings); }
  @Override public String version() { return "1"; }
  @Override public ConfigDef config() {
    return new ConfigDef().define("file", ConfigDef.Type.STRING, ConfigDef.Importance.HIGH, "where lines go");
  }

  public static class Taker extends SinkTask {
    private Path file;

    @Override public void start(Map<String, String> settings) { file = Path.of(settings.get("file")); }
    @Override public void stop() {}
    @Override public String version() { return "1"; }

    @Override public void put(Collection<SinkRecord> records) {
      StringBuilder lines = new StringBuilder();
      for (SinkRecord record : records) lines.append(line(record)).append('\n');
      try {
        Files.writeString(file, lines, StandardCharsets.UTF_8, StandardOpenOption.CREATE, StandardOpenOption.APPEND);
      } catch (IOException failure) {
        throw new ConnectException(failure);
      }
    }

    private static String line(SinkRecord record) {
      if (!(record.value() instanceof Struct row)) {
        throw new ConnectException("requires records with a non-null Struct value, and got " + record.value());
      }
      StringJoiner fields = new StringJoiner(",", "{", "}");
      fields.add("\"key\":" + text(record.key()));
      for (Field field : row.schema().fields()) {
        if (!field.schema().type().isPrimitive()) {
          throw new ConnectException("unsupported source data type: " + field.schema().type() + " of " + field.name());
        }
        Object value = row.get(field);
        boolean isBare = value == null || value instanceof Number || value instanceof Boolean;
        String said = value instanceof java.util.Date time ? Long.toString(time.getTime()) : isBare ? String.valueOf(value) : text(value);
        fields.add(text(field.name()) + ":" + said);
      }
      return fields.toString();
    }

    private static String text(Object value) {
      StringBuilder quoted = new StringBuilder("\"");
      for (char one : String.valueOf(value).toCharArray()) {
        if (one == '"' || one == '\\' || one < ' ') quoted.append(String.format("\\u%04x", (int) one));
        else quoted.append(one);
      }
      return quoted.append('"').toString();
    }
  }
}
