import java.sql.*;
import java.util.*;

/** Asks of the endpoint what a BI tool on JDBC asks, and prints what it was told. */
public class Tables {
    static String names(ResultSet rows, String column) throws SQLException {
        List<String> found = new ArrayList<>();
        while (rows.next()) found.add(rows.getString(column));
        Collections.sort(found);
        return String.join(" ", found);
    }

    static String state(Connection c, String sql) {
        try (Statement s = c.createStatement()) {
            s.executeQuery(sql);
            return "none";
        } catch (SQLException e) {
            return e.getSQLState();
        }
    }

    public static void main(String[] args) throws SQLException {
        try (Connection c = DriverManager.getConnection(args[0], args[1], args[2])) {
            DatabaseMetaData meta = c.getMetaData();
            System.out.println("schemas " + names(meta.getSchemas(), "TABLE_SCHEM"));
            System.out.println("tables " + names(
                meta.getTables(null, "public", "%", new String[] {"TABLE"}), "TABLE_NAME"));
            ResultSet views = meta.getTables(null, "line1", "%", new String[] {"VIEW"});
            while (views.next())
                System.out.println("views " + views.getString("TABLE_SCHEM") + "."
                    + views.getString("TABLE_NAME"));
            ResultSet columns = meta.getColumns(null, "line1", "filler", "%");
            for (int n = 0; n < 5 && columns.next(); n++)
                System.out.println("column " + columns.getString("COLUMN_NAME") + " "
                    + columns.getString("TYPE_NAME"));
            int keys = 0;
            ResultSet found = meta.getPrimaryKeys(null, "public", "samples");
            while (found.next()) keys++;
            found = meta.getIndexInfo(null, "public", "samples", false, false);
            while (found.next()) keys++;
            found = meta.getImportedKeys(null, "public", "samples");
            while (found.next()) keys++;
            System.out.println("keys " + keys);
            meta.getTypeInfo().close();
            meta.getSQLKeywords();
            meta.getCatalogs().close();
            meta.getFunctions(null, null, "%").close();
            meta.getProcedures(null, null, "%").close();
            meta.getTablePrivileges(null, "public", "%").close();
            PreparedStatement p = c.prepareStatement(
                "select count(*) over (), speed, state_text, running from line1.filler "
                + "where time >= ? and time < ? and state = ? and speed > ? order by time desc");
            for (int turn = 0; turn < 2; turn++) {
                for (int n = 0; n < 6; n++) {  // the fifth run prepares on the server, in binary
                    p.setTimestamp(1, Timestamp.from(java.time.Instant.parse("2025-12-31T23:59:57Z")));
                    p.setObject(2, java.time.OffsetDateTime.parse("2026-01-01T02:00:00+02:00"));
                    p.setLong(3, 6);
                    p.setDouble(4, 1.5);
                    ResultSet rows = p.executeQuery();
                    rows.next();
                    if (n == 5)
                        System.out.println("prepared " + rows.getLong(1) + " " + rows.getDouble(2)
                            + " " + rows.getString(3) + " " + rows.getBoolean(4));
                }
            }
            c.setAutoCommit(false);
            Statement s = c.createStatement();
            s.setFetchSize(500);
            int count = 0;
            ResultSet rows = s.executeQuery("select time, value from samples where name = 'time'");
            while (rows.next()) count++;
            System.out.println("fetched " + count);
            c.commit();
            c.setAutoCommit(true);
            System.out.println("refused " + state(c, "delete from samples"));
            System.out.println("missing " + state(c, "select * from nowhere"));
        }
    }
}
